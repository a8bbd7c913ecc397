import { expect } from 'chai';

import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { ask, run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';

/** `ip nexthop` is the oracle: what we create it shows, and what it creates we show. */
describe('next-hop objects', () => {
  let netns: Netns;
  let rtnl: Rtnl;
  let linkIndex: number;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
    const pair = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    linkIndex = pair.index;
    await rtnl.links.set({ index: pair.peerIndex }, { isUp: true });
    await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/24' });
  });

  afterEach(async () => {
    await rtnl.close();
    await netns.close();
  });

  const ip = (line: string): Promise<string> => run(netns, 'ip', ...line.split(' '));

  async function twoHops(): Promise<void> {
    await rtnl.nextHops.add({ id: 1, linkIndex, gateway: '10.0.0.2' });
    await rtnl.nextHops.add({ id: 2, linkIndex, gateway: '10.0.0.3' });
  }

  it('are created as asked for', async () => {
    await twoHops();
    await rtnl.nextHops.add({ id: 3, linkIndex, gateway: 'fe80::1', onLink: true, protocol: 200 });
    await rtnl.links.set({ name: 'lo' }, { isUp: true });
    await rtnl.nextHops.add({ id: 4, isBlackhole: true, family: 6 });
    await rtnl.nextHops.add({ id: 5, gateway: '10.0.0.9', isFdb: true });
    await rtnl.nextHops.add({ id: 6, linkIndex });
    await rtnl.nextHops.add({ id: 10, group: [{ id: 1 }, { id: 2, weight: 7 }] });

    const shown = await ask(netns, 'ip nexthop show');

    expect(shown.map(({ id }) => id)).to.deep.equal([1, 2, 3, 4, 5, 6, 10]);
    expect(shown[0]).to.include({ gateway: '10.0.0.2', dev: 'a0', scope: 'link' });
    expect(shown[2]).to.include({ gateway: 'fe80::1', protocol: '200' });
    expect(shown[2]).to.deep.include({ flags: ['onlink'] });
    expect(shown[3]).to.have.property('blackhole');
    expect(shown[4]).to.have.property('fdb');
    expect(shown[6]).to.deep.include({ group: [{ id: 1 }, { id: 2, weight: 7 }] });
    expect(await rtnl.nextHops.list({ isGroup: true })).to.have.length(1);
    expect((await rtnl.nextHops.list({ linkIndex })).map(({ id }) => id)).to.deep.equal([1, 2, 3, 6]);
  });

  it('are read as ip(8) made them', async () => {
    await ip('nexthop add id 1 via 10.0.0.2 dev a0');
    await ip('nexthop add id 7 encap ip id 5 dst 10.0.0.9 via 10.0.0.2 dev a0');
    await ip('nexthop add id 2 group 1 type resilient buckets 8 idle_timer 5 unbalanced_timer 10');

    const flags = { isDead: false, isLinkDown: false, isOnLink: false, isOffloaded: false };
    expect(await rtnl.nextHops.get(1)).to.deep.equal({
      id: 1,
      family: 4,
      linkIndex,
      gateway: '10.0.0.2',
      scope: 'link',
      protocol: 0,
      isBlackhole: false,
      isFdb: false,
      flags,
    });
    const group = await rtnl.nextHops.get(2);
    expect(group).to.deep.include({ id: 2, group: [{ id: 1, weight: 1 }] });
    expect(group!.resilient).to.include({ buckets: 8, idleTimerMs: 5000, unbalancedTimerMs: 10_000, unbalancedMs: 0 });
    expect(group!.unknown).to.equal(undefined);
    expect((await rtnl.nextHops.get(7))!.encapsulation).to.include({ kind: 'ip', id: 5, destination: '10.0.0.9' });
  });

  it('make resilient groups', async () => {
    await twoHops();

    await rtnl.nextHops.add({
      id: 10,
      group: [{ id: 1 }, { id: 2 }],
      resilient: { buckets: 16, idleTimerMs: 2500, unbalancedTimerMs: 60_000 },
    });

    const [shown] = await ask(netns, 'ip nexthop show id 10');
    expect(shown).to.deep.include({ type: 'resilient', group: [{ id: 1 }, { id: 2 }] });
    expect(shown!['resilient_args']).to.include({ buckets: 16, idle_timer: 2.5, unbalanced_timer: 60 });
  });

  it('are changed in place, under the routes that refer to them', async () => {
    await twoHops();
    await rtnl.nextHops.add({ id: 10, group: [{ id: 1 }] });
    await rtnl.routes.add({ destination: '10.9.0.0/16', nextHopId: 10 });

    await rtnl.nextHops.replace({ id: 10, group: [{ id: 1, weight: 3 }, { id: 2 }] });

    const [route] = (await rtnl.routes.list({ family: 4 })).filter(({ nextHopId }) => nextHopId === 10);
    expect(route!.nextHops.map(({ gateway, weight }) => [gateway, weight])).to.deep.equal([
      ['10.0.0.2', 3],
      ['10.0.0.3', 1],
    ]);
    const [shown] = await ask(netns, 'ip route get 10.9.0.1');
    expect(['10.0.0.2', '10.0.0.3']).to.include(shown!['gateway']);
  });

  it('go with their routes, and say when there is none', async () => {
    await twoHops();
    await rtnl.routes.add({ destination: '10.9.0.0/16', nextHopId: 1 });

    expect(await rtnl.nextHops.delete(1)).to.equal(true);
    expect(await rtnl.nextHops.delete(1)).to.equal(false);
    expect(await rtnl.nextHops.get(1)).to.equal(undefined);
    expect((await rtnl.routes.list({ family: 4 })).some(({ nextHopId }) => nextHopId === 1)).to.equal(false);
  });

  it('refuse what is there, what is not, and what they do not understand', async () => {
    await twoHops();
    const { nextHops } = rtnl;

    expect(await failure(nextHops.add({ id: 1, linkIndex, gateway: '10.0.0.2' }))).to.include({ code: 'EEXIST' });
    expect(await failure(nextHops.add({ id: 9, group: [{ id: 77 }] }))).to.include({ code: 'EINVAL' });
    expect(await failure(nextHops.add({ id: 9, linkIndx: 1 } as never))).to.include({ attribute: 'linkIndx' });
    expect(await failure(nextHops.get(0))).to.include({ code: 'EINVAL' });
    expect(await failure(nextHops.list({ group: true } as never))).to.include({ code: 'EINVAL' });
  });
});

describe('what routes wrap packets in', () => {
  it('is set and read as ip(8) does it', async () => {
    await using netns = await anonymousNetns();
    await using rtnl = await netns.openRtnl();
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    // Without any address the kernel has no table that says what a gateway is.
    await rtnl.addresses.add({ linkIndex, address: '10.0.0.9/32' });
    const ours = { kind: 'ip', id: 5, source: '10.0.0.1', destination: '10.0.0.9', ttl: 7, tos: 8 } as const;
    const six = { kind: 'ip6', id: 6, source: 'fd00::1', destination: 'fd00::9', ttl: 7, tos: 8 } as const;

    await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex, encapsulation: ours });
    await rtnl.routes.add({ destination: 'fd09::/64', linkIndex, encapsulation: six });
    await rtnl.routes.add({
      destination: '10.8.0.0/16',
      nextHops: [
        { linkIndex, gateway: '10.0.0.1', onLink: true, encapsulation: ours },
        { linkIndex, gateway: '10.0.0.2', onLink: true },
      ],
    });
    await run(netns, 'ip', ...'route add 10.7.0.0/16 encap ip id 9 dst 10.0.0.8 dev a0'.split(' '));

    const shown = (await ask(netns, 'ip route show 10.9.0.0/16'))[0]!;
    const listed = await rtnl.routes.list({ linkIndex });
    const of = (destination: string): object | undefined => listed.find((route) => route.destination === destination);
    expect(shown).to.include({ encap: 'ip', id: 5, src: '10.0.0.1', dst: '10.0.0.9', ttl: 7, tos: 8 });
    expect(of('10.9.0.0/16')).to.deep.include({ encapsulation: ours });
    expect(of('fd09::/64')).to.deep.include({ encapsulation: six });
    expect(of('10.7.0.0/16')).to.have.property('encapsulation').that.includes({ id: 9, destination: '10.0.0.8' });
    expect((of('10.8.0.0/16') as { nextHops: { encapsulation?: object }[] }).nextHops[0]!.encapsulation).to.deep.equal(
      ours,
    );
    expect((await rtnl.routes.get('10.9.0.1', { exact: true }))!.encapsulation).to.deep.equal(ours);
    expect(listed.every((route) => route.unknown === undefined)).to.equal(true);
  });
});
