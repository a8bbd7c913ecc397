import { expect } from 'chai';
import { RouterView } from '../../../src/show/router-view.ts';
import { scriptedLines } from './support.ts';

const address = '10.1.0.12';
const prefix = `${address}/32`;
const nowMs = Date.parse('2026-11-28T12:00:00.000Z');

// What FRR 8.4.4 answered, without fields that nobody reads.
const route = (protocol: string, uptime: string, ip?: string): object => ({
  protocol,
  selected: true,
  metric: 20,
  uptime,
  nexthops: [{ ...(ip !== undefined && { ip }), interfaceName: ip === undefined ? 'vethr1' : 'eth1' }],
});
const zebra = (to: string, ...routes: object[]): object => ({ [`show ip route ${address} json`]: { [to]: routes } });
const lsa = (advertisingRouter: string): object => ({ lsaAge: 1, advertisingRouter, networkMask: 32 });
const ospfd = (...asExternalLinkStates: object[]): object => ({
  [`show ip ospf database external ${address} json`]: { routerId: '10.112.11.1', asExternalLinkStates },
});
const path = (...list: number[]): object => ({
  valid: true,
  aspath: { segments: [{ type: 'as-sequence', list }] },
  lastUpdate: { epoch: 1_795_902_434 },
  nexthops: [{ ip: '10.112.11.2', hostname: 'h2' }],
  peer: { peerId: '10.112.11.2', routerId: '10.112.11.2', hostname: 'h2' },
});
const bgpd = (...paths: object[]): object => ({
  [`show bgp ipv4 unicast ${prefix} json`]: { paths },
  'show bgp ipv4 unicast summary json': { as: 4_200_000_001, routerId: '10.112.11.1' },
});

const originIn = (...answers: object[]) =>
  new RouterView({ lines: scriptedLines(Object.assign({}, ...answers) as Record<string, unknown>) }).origin(
    address,
    nowMs,
  );

describe('RouterView.origin', () => {
  it('says that zebra does not answer, and that it has no route', async () => {
    expect(await originIn()).to.equal(undefined);
    expect(await originIn({ [`show ip route ${address} json`]: { '0.0.0.0/0': [] } })).to.equal(null);
    expect(await originIn({ [`show ip route ${address} json`]: {} })).to.equal(null);
  });

  it('names the router that announces an address by OSPF, and since when its route is there', async () => {
    expect(
      await originIn(zebra(prefix, route('ospf', '00:01:30', '10.112.11.2')), ospfd(lsa('10.112.11.2'))),
    ).to.deep.equal({
      prefix,
      protocol: 'ospf',
      metric: 20,
      ways: [{ gateway: '10.112.11.2', link: 'eth1' }],
      since: '2026-11-28T11:58:30.000Z',
      announcers: [
        {
          protocol: 'ospf',
          isThisHost: false,
          router: '10.112.11.2',
          ways: [{ gateway: '10.112.11.2', link: 'eth1' }],
        },
      ],
    });
  });

  it('names this host first, and then who else announces the address', async () => {
    const found = await originIn(
      zebra(prefix, route('kernel', '00:00:05')),
      ospfd(lsa('10.112.11.9'), lsa('10.112.11.1')),
    );

    expect(found?.announcers.map(({ router, isThisHost }) => [router, isThisHost])).to.deep.equal([
      ['10.112.11.1', true],
      ['10.112.11.9', false],
    ]);
  });

  it('names a BGP neighbor that announces an address, with the time of its announcement', async () => {
    const found = await originIn(zebra(prefix, route('bgp', '00:00:05', '10.112.11.2')), bgpd(path(4_200_000_002)));

    expect(found?.announcers).to.deep.equal([
      {
        protocol: 'bgp',
        isThisHost: false,
        router: '10.112.11.2',
        as: 4_200_000_002,
        host: 'h2',
        neighbor: 'h2',
        ways: [{ gateway: '10.112.11.2', link: undefined }],
        since: '2026-11-28T21:47:14.000Z',
      },
    ]);
  });

  it('gives no neighbor the name of a router behind it', async () => {
    const found = await originIn(
      zebra(prefix, route('bgp', '00:00:05', '10.112.11.2')),
      bgpd(path(4_200_000_100, 4_200_000_002), { ...path(), originatorId: '10.112.11.7' }),
    );

    const [far, reflected] = found?.announcers ?? [];
    expect(far).to.include({ as: 4_200_000_002, neighbor: 'h2' }).and.not.have.any.keys('host', 'router');
    expect(reflected).to.include({ router: '10.112.11.7', neighbor: 'h2' }).and.not.have.any.keys('host', 'as');
  });

  it('counts a neighbor that puts its AS before itself several times as one', async () => {
    const found = await originIn(zebra(prefix, route('bgp', '00:00:05', '10.112.11.2')), bgpd(path(65_001, 65_001)));

    expect(found?.announcers[0]).to.include({ host: 'h2', as: 65_001 });
  });

  it('finds the block that an address lies in', async () => {
    const block = '10.1.0.0/26';
    const found = await originIn(zebra(block, route('ospf', '00:00:01', '10.112.11.2')), {
      'show ip ospf database external 10.1.0.0 json': {
        routerId: '10.112.11.1',
        asExternalLinkStates: [{ lsaAge: 1, advertisingRouter: '10.112.11.2', networkMask: 26 }],
      },
    });

    expect(found).to.include({ prefix: block });
    expect(found?.announcers.map(({ router }) => router)).to.deep.equal(['10.112.11.2']);
  });

  for (const [uptime, since] of [
    ['1d02h03m', '2026-11-27T09:57:00.000Z'],
    ['01w2d03h', '2026-11-19T09:00:00.000Z'],
    ['1y01w0d', '2025-11-21T12:00:00.000Z'],
  ] as const) {
    it(`reads the age ${uptime}`, async () => {
      expect(await originIn(zebra(prefix, route('static', uptime)))).to.include({ since, protocol: 'static' });
    });
  }
});
