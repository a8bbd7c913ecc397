import { expect } from 'chai';

import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { ask, run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';

/** What ip(8) shows of what we put into the kernel. */
describe('routes and addresses as ip(8) shows them', () => {
  let netns: Netns;
  let rtnl: Rtnl;
  let near: number;
  let far: number;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
    const pair = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    [near, far] = [pair.index, pair.peerIndex];
    await rtnl.links.set({ index: far }, { isUp: true });
    // Without any address the kernel has no table that says what a gateway is.
    await rtnl.addresses.add({ linkIndex: far, address: '10.0.0.9/32' });
  });

  afterEach(async () => {
    await rtnl.close();
    await netns.close();
  });

  const shown = async (line: string): Promise<Record<string, unknown>> => (await ask(netns, line))[0]!;

  it('next hops of either family', async () => {
    const nextHops = [
      { linkIndex: near, gateway: '10.0.0.1', weight: 7, onLink: true },
      { linkIndex: far, gateway: 'fe80::1' },
    ];

    await rtnl.routes.add({ destination: '10.9.0.0/16', nextHops, mtuBytes: 1400, maxSegmentBytes: 1200 });
    await rtnl.routes.add({
      destination: 'default',
      nextHops: [
        { linkIndex: near, gateway: 'fe80::1' },
        { linkIndex: far, gateway: 'fe80::2', weight: 256 },
      ],
      preference: 'low',
    });

    const ipv4 = await shown('ip route show 10.9.0.0/16');
    const ipv6 = await shown('ip -6 route show default');
    expect(ipv4['nexthops']).to.deep.equal([
      { gateway: '10.0.0.1', dev: 'a0', weight: 7, flags: ['onlink'] },
      { via: { family: 'inet6', host: 'fe80::1' }, dev: 'b0', weight: 1, flags: [] },
    ]);
    expect(ipv4['metrics']).to.deep.equal([{ mtu: 1400, advmss: 1200 }]);
    expect(ipv6).to.include({ pref: 'low' });
    expect(ipv6['nexthops']).to.deep.equal([
      { gateway: 'fe80::1', dev: 'a0', weight: 1, flags: [] },
      { gateway: 'fe80::2', dev: 'b0', weight: 256, flags: [] },
    ]);
  });

  it('routes over a next-hop object', async () => {
    await run(netns, 'ip', ...'nexthop add id 5 via 10.0.0.1 dev a0 onlink'.split(' '));

    await rtnl.routes.add({ destination: '10.9.0.0/16', nextHopId: 5 });

    expect(await shown('ip route show 10.9.0.0/16')).to.include({ nhid: 5, gateway: '10.0.0.1', dev: 'a0' });
    const [route] = (await rtnl.routes.list({ family: 4, linkIndex: near })).filter(({ nextHopId }) => nextHopId === 5);
    expect(route).to.include({ destination: '10.9.0.0/16', gateway: '10.0.0.1' });
  });

  it('as many next hops as are allowed are listed by a socket that has received nothing, and one more is refused', async () => {
    const hops = (count: number, gateway: string): { linkIndex: number; gateway: string; onLink: true }[] =>
      Array.from({ length: count }, (_, place) => ({
        linkIndex: near,
        gateway: `${gateway}${place.toString(16)}`,
        onLink: true,
      }));
    const ipv4 = hops(1000, '').map((hop, place) => ({ ...hop, gateway: `10.1.${place >> 8}.${place & 255}` }));

    await rtnl.routes.add({ destination: '10.9.0.0/16', nextHops: ipv4, table: 77 });
    await rtnl.routes.add({ destination: 'fd09::/64', nextHops: hops(1000, 'fd00::1:'), table: 77 });
    await rtnl.routes.add({ destination: '10.10.0.0/16', linkIndex: near, table: 77 });
    const over = [...ipv4, { linkIndex: near, gateway: '10.2.0.0', onLink: true }];
    const count = await failure(rtnl.routes.add({ destination: '10.8.0.0/16', nextHops: over }));
    const size = await failure(rtnl.routes.add({ destination: '10.8.0.0/16', nextHops: hops(1000, 'fd00::1:') }));

    await using fresh = await netns.openRtnl({ lanes: 2 });
    const [four, six] = await Promise.all([
      fresh.routes.list({ family: 4, table: 77 }),
      fresh.routes.list({ family: 6, table: 77 }),
    ]);
    expect(four.map(({ nextHops }) => nextHops.length)).to.deep.equal([1000, 1]);
    expect(six[0]!.nextHops).to.have.length(1000);
    expect(count).to.include({ code: 'EINVAL', attribute: 'nextHops' });
    expect(size.message).to.include('31000 fit');
  });

  it('lifetimes, labels, broadcast addresses and metrics of addresses', async () => {
    const spec = { linkIndex: near, address: '10.0.0.7/24', broadcast: '10.0.0.255', label: 'a0:x', routeMetric: 77 };

    await rtnl.addresses.add({ ...spec, validSec: 1000, preferredSec: 500 });

    const [link] = (await ask(netns, 'ip -4 address show a0')) as { addr_info: Record<string, number>[] }[];
    const [address] = link!.addr_info;
    expect(address).to.include({ local: '10.0.0.7', broadcast: '10.0.0.255', label: 'a0:x', metric: 77 });
    expect(address!['valid_life_time']).to.be.within(990, 1000);
    expect(address!['preferred_life_time']).to.be.within(490, 500);
    expect(await shown('ip route show 10.0.0.0/24')).to.include({ metric: 77 });
  });
});
