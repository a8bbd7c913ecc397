import { expect } from 'chai';
import { type Link, type LinkChange, type Monitor, type Netns, openMonitor, type Rtnl } from '@routed/netns';
import { anonymousNetns } from '@routed/netns/testing';
import { shareLinks } from '../../src/index.ts';

describe('links that are read once, in the kernel', () => {
  let host: Netns;
  let container: Netns;
  let stranger: Rtnl;
  let own: Rtnl;
  let monitor: Monitor;
  let shared: Rtnl;

  beforeEach(async () => {
    host = await anonymousNetns();
    container = await anonymousNetns();
    stranger = await host.openRtnl();
    own = await host.openRtnl();
    monitor = await openMonitor({ groups: ['link'], netns: host });
    shared = shareLinks(own, monitor);
    await stranger.links.createVeth({ name: 'vethr1', peer: { name: 'vethc1' } });
    await stranger.links.createBridge({ name: 'br0' });
  });
  afterEach(async () => {
    await monitor.close();
    await Promise.all([stranger.close(), own.close()]);
    await Promise.all([host.close(), container.close()]);
  });

  const byIndex = (links: readonly Link[]): readonly Link[] => [...links].sort((a, b) => a.index - b.index);
  /** What is shared, and what the kernel has: read in this order, right after a change. */
  const both = async (): Promise<readonly [readonly Link[], readonly Link[]]> => [
    byIndex(await shared.links.list()),
    byIndex(await stranger.links.list()),
  ];
  const set = (change: LinkChange) => () => stranger.links.set({ name: 'vethr1' }, change);

  const changes: readonly (readonly [what: string, change: () => Promise<unknown>])[] = [
    ['is set up', set({ isUp: true })],
    ['gets another MTU', set({ mtuBytes: 1400 })],
    ['gets an alias', set({ alias: 'routed:abc' })],
    ['gets another group', set({ group: 7200 })],
    ['gets another MAC address', set({ mac: '02:00:00:00:00:07' })],
    ['is renamed', set({ name: 'other' })],
    [
      'becomes a port of a bridge',
      async () => set({ masterIndex: (await stranger.links.get({ name: 'br0' }))!.index })(),
    ],
    ['sees its other end move away', () => stranger.links.set({ name: 'vethc1' }, { netns: container })],
    ['is deleted', () => stranger.links.delete({ name: 'vethr1' })],
  ];
  for (const [what, change] of changes) {
    it(`are as the kernel has them right after a link ${what}`, async () => {
      // Of one that is down, the kernel does not report each change.
      if (what !== 'is set up') await set({ isUp: true })();
      const [before] = await both();
      await change();

      const [found, there] = await both();

      expect(found).to.deep.equal(there);
      expect(found).not.to.deep.equal(before);
    });
  }

  it('are as the kernel has them right after the other end has come back', async () => {
    await stranger.links.set({ name: 'vethc1' }, { netns: container });
    const [before] = await both();
    await using inside = await container.openRtnl();
    await inside.links.set({ name: 'vethc1' }, { netns: host });

    const [found, there] = await both();

    expect(found).to.deep.equal(there);
    expect(found).to.have.lengthOf(before.length + 1);
  });
});
