import type { Endpoint } from '@routed/driver';
import { expect } from 'chai';
import { joinReply, planEndpoint } from '../../src/endpoint/endpoint-plan.ts';

const ipv4 = { family: 4, address: '10.1.0.2', poolId: 'p4', gateway: '169.254.1.1' } as const;
const ipv6 = { family: 6, address: 'fd00:1::2', poolId: 'p6', gateway: 'fe80::1' } as const;
const endpoint: Endpoint = {
  id: 'c80b7eea65283f03',
  networkId: 'n',
  addresses: [ipv4, ipv6],
  additional: [],
  spoof: 'strict',
  mac: '02:42:0a:01:00:02',
};

describe('planEndpoint', () => {
  it('plans the link pair with one MTU and the MAC of the container', () => {
    const { veth, settings } = planEndpoint(endpoint, { mtuBytes: 9000 });

    expect(veth).to.deep.include({ name: 'vethrc80b7eea65', mtuBytes: 9000 });
    expect(settings).to.deep.include({ alias: 'routed:c80b7eea65283f03', isUp: true });
    expect(veth.peer).to.deep.equal({ name: 'vethcc80b7eea65', mtuBytes: 9000, mac: '02:42:0a:01:00:02' });
  });

  it('plans one host route of protocol 200 for each address', () => {
    expect(planEndpoint(endpoint, { mtuBytes: 1500 }).routes).to.deep.equal([
      { destination: '10.1.0.2/32', scope: 'link', protocol: 200 },
      { destination: 'fd00:1::2/128', scope: 'link', protocol: 200 },
    ]);
  });

  it('gives the routes the metric of the endpoint', () => {
    const { routes } = planEndpoint({ ...endpoint, metric: 100 }, { mtuBytes: 1500 });

    expect(routes.map(({ metric }) => metric)).to.deep.equal([100, 100]);
  });

  it('tells the host the MAC of every address, the link-local one too, so that it never asks the container', () => {
    expect(planEndpoint(endpoint, { mtuBytes: 1500 }).neighbours).to.deep.equal([
      { address: '10.1.0.2', mac: '02:42:0a:01:00:02', isPermanent: true },
      { address: 'fd00:1::2', mac: '02:42:0a:01:00:02', isPermanent: true },
      { address: 'fe80::42:aff:fe01:2', mac: '02:42:0a:01:00:02', isPermanent: true },
    ]);
  });

  it('answers with the gateways and a connected route to each, never with a static default route', () => {
    expect(joinReply(endpoint)).to.deep.equal({
      InterfaceName: { SrcName: 'vethcc80b7eea65', DstPrefix: 'eth' },
      Gateway: '169.254.1.1',
      GatewayIPv6: 'fe80::1',
      StaticRoutes: [
        { Destination: '169.254.1.1/32', RouteType: 1, NextHop: '' },
        { Destination: 'fe80::1/128', RouteType: 1, NextHop: '' },
      ],
      DisableGatewayService: true,
    });
  });

  it('has no IPv6 part for an endpoint without an IPv6 address', () => {
    const onlyIpv4 = { ...endpoint, addresses: [ipv4] };
    const plan = planEndpoint(onlyIpv4, { mtuBytes: 1500 });

    expect(plan.hostAddresses).to.deep.equal([]);
    expect(plan.neighbours).to.deep.equal([{ address: '10.1.0.2', mac: '02:42:0a:01:00:02', isPermanent: true }]);
    expect(JSON.stringify(joinReply(onlyIpv4))).to.not.contain('fe80');
    expect(joinReply(onlyIpv4)).to.not.have.property('GatewayIPv6');
  });

  it('puts a link-local IPv6 gateway on the host end, and leaves a global one to the host', () => {
    expect(planEndpoint(endpoint, { mtuBytes: 1500 }).hostAddresses).to.deep.equal([
      { address: 'fe80::1/64', skipDuplicateDetection: true, noPrefixRoute: true },
    ]);
    const global = { ...ipv6, gateway: 'fd00:1::1' };
    expect(planEndpoint({ ...endpoint, addresses: [global] }, { mtuBytes: 1500 }).hostAddresses).to.deep.equal([]);
  });
});
