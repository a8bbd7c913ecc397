import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { NetlinkError, type Links, type MonitorEvents, type Rtnl } from '@routed/netns';
import { type FakeKernel, fakeKernel } from '@routed/netns/testing';
import { useFakeTimers } from 'sinon';
import { shareLinks } from '../../src/index.ts';

const LATE = new NetlinkError({ code: 'ENOBUFS', errno: 105, operation: 'monitor.receive', subject: '' });

describe('links that are read once for all who ask', () => {
  let kernel: FakeKernel;
  let events: EventEmitter<MonitorEvents>;
  let rtnl: Rtnl;

  beforeEach(async () => {
    kernel = fakeKernel();
    events = new EventEmitter();
    events.on('error', () => undefined);
    rtnl = shareLinks(kernel, events);
    await kernel.links.createVeth({ name: 'vethr1', group: 7, peer: { name: 'vethc1' } });
    await kernel.links.createDummy({ name: 'eth0' });
  });

  const lists = (): number => kernel.calls.filter(({ operation }) => operation === 'link.list').length;
  const namesOf = async (filter?: Parameters<Links['list']>[0]): Promise<string[]> =>
    (await rtnl.links.list(filter)).map(({ name }) => name);
  const linkEvent = async (): Promise<MonitorEvents['link']> => [
    { change: 'new', link: (await kernel.links.get({ name: 'eth0' }))! },
  ];

  it('are read once by all who ask at the same time, and later', async () => {
    await Promise.all([namesOf(), namesOf({ kind: 'veth' }), namesOf({ group: 7 })]);
    await namesOf();

    expect(lists()).to.equal(1);
  });

  it('are those that each asked for', async () => {
    expect(await namesOf()).to.have.members(['lo', 'vethr1', 'vethc1', 'eth0']);
    expect(await namesOf({ kind: 'veth' })).to.have.members(['vethr1', 'vethc1']);
    expect(await namesOf({ kind: 'dummy' })).to.have.members(['eth0']);
    expect(await namesOf({ group: 7 })).to.deep.equal(['vethr1']);
    expect(await namesOf({ masterIndex: 99 })).to.deep.equal([]);
  });

  it('are a list of its own for each, which it may change', async () => {
    (await rtnl.links.list()).length = 0;

    expect(await rtnl.links.list()).to.have.lengthOf(4);
  });

  for (const [what, tell] of [
    ['a link changes', async () => void events.emit('link', ...(await linkEvent()))],
    ['events are lost', () => void events.emit('overrun')],
  ] as const) {
    it(`are read anew when ${what}`, async () => {
      await namesOf();
      await kernel.links.createDummy({ name: 'eth1' });
      await tell();

      expect(await namesOf()).to.include('eth1');
      expect(lists()).to.equal(2);
    });
  }

  it('are read anew when a link changes while they are read, for whoever asks then', async () => {
    const first = namesOf();
    await Promise.resolve();
    const [event] = await linkEvent();
    setImmediate(() => setImmediate(() => setImmediate(() => events.emit('link', event))));
    await first;
    events.emit('link', event);

    await namesOf();

    expect(lists()).to.equal(2);
  });

  it('are read each time once nobody tells of changes any more', async () => {
    events.emit('error', LATE);

    await namesOf();
    await namesOf();

    expect(lists()).to.equal(2);
  });

  it('are read anew after one read has failed', async () => {
    kernel.failNext('link.list', 'ENOBUFS');
    const failed = await namesOf().catch((error: unknown) => String(error));

    expect(failed).to.contain('ENOBUFS');
    expect(await namesOf()).to.include('eth0');
  });

  it('are read anew after 20 s: the kernel does not report everything', async () => {
    const clock = useFakeTimers({ toFake: ['performance'] });
    try {
      await namesOf();
      clock.tick(19_000);
      await namesOf();
      expect(lists()).to.equal(1);
      clock.tick(2_000);
      await namesOf();
      expect(lists()).to.equal(2);
    } finally {
      clock.restore();
    }
  });

  it('leave the kernel to find a few of another kind by itself', async () => {
    expect(await namesOf({ kind: 'ifb' })).to.deep.equal([]);
    await namesOf();

    expect(lists()).to.equal(2);
  });
});
