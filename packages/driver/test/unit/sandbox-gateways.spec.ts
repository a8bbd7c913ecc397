import { expect } from 'chai';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import { SandboxGateways } from '../../src/endpoints/sandbox-gateways.ts';

function endpoint(id: string, ...gateways: string[]): Endpoint {
  const addresses = gateways.map((gateway) => ({
    family: gateway.includes(':') ? (6 as const) : (4 as const),
    address: '10.1.0.2',
    poolId: 'p',
    gateway,
  }));
  return { id, networkId: 'n', addresses, additional: [], spoof: 'strict', mac: '02:42:0a:01:00:02' };
}

function gatewaysOf({ addresses }: Endpoint): string[] {
  return addresses.map(({ gateway }) => gateway);
}

describe('SandboxGateways', () => {
  const sandbox = '/run/docker/netns/9ab55770f640';

  it("leaves the network's gateway to the first endpoint of a container", () => {
    expect(gatewaysOf(new SandboxGateways().assign(endpoint('a', '10.200.0.1'), sandbox))).to.deep.equal([
      '10.200.0.1',
    ]);
  });

  it('gives the second endpoint other gateways in both families', () => {
    const sandboxes = new SandboxGateways();
    sandboxes.add({ ...endpoint('a', '169.254.1.1', 'fe80::1'), sandboxKey: sandbox });

    const second = sandboxes.assign(endpoint('b', '169.254.1.1', 'fe80::1'), sandbox);

    expect(gatewaysOf(second)).to.deep.equal(['169.254.1.2', 'fe80::2']);
  });

  it('does not mix containers up', () => {
    const sandboxes = new SandboxGateways();
    sandboxes.add({ ...endpoint('a', '169.254.1.1'), sandboxKey: sandbox });

    expect(gatewaysOf(sandboxes.assign(endpoint('b', '169.254.1.1'), '/other'))).to.deep.equal(['169.254.1.1']);
  });

  it('gives a gateway again once its endpoint has left', () => {
    const sandboxes = new SandboxGateways();
    sandboxes.add({ ...endpoint('a', '169.254.1.1'), sandboxKey: sandbox });
    sandboxes.remove('a', sandbox);
    sandboxes.remove('a', sandbox);

    expect(gatewaysOf(sandboxes.assign(endpoint('b', '169.254.1.1'), sandbox))).to.deep.equal(['169.254.1.1']);
  });
});
