import { expect } from 'chai';

import type { NetlinkMessage } from '../../../src/codec/reader.ts';
import { buildLinkChange } from '../../../src/message/link-change.ts';
import { KernelRtnl } from '../../../src/rtnl/kernel-rtnl.ts';
import { LanePool } from '../../../src/socket/lane-pool.ts';
import { NetlinkSocket } from '../../../src/socket/netlink-socket.ts';
import { RTM } from '../../../src/uapi/rtnetlink.ts';
import { fakeKernel } from '../../../src/testing/index.ts';
import { failure } from '../../support/failure.ts';
import { ackMessage, purpose, withHeader } from '../../support/messages.ts';
import { ScriptedSys } from '../../support/scripted-sys.ts';

const NLM_F_CREATE = 0x400;

function open(answer: (request: NetlinkMessage) => Uint8Array[]): {
  sys: ScriptedSys;
  rtnl: KernelRtnl;
  types: () => (number | undefined)[];
} {
  const sys = new ScriptedSys(answer);
  const rtnl = new KernelRtnl(new LanePool([new NetlinkSocket(sys, 40)]));
  return { sys, rtnl, types: () => sys.sent.map(([message]) => message?.type) };
}

/** What the kernel reports about a link that exists. */
const report = (sequence: number): Uint8Array =>
  withHeader(buildLinkChange({ index: 7 }, { name: 'a0', mtuBytes: 1500 }, purpose), { sequence });

const isCreation = ({ flags }: NetlinkMessage): boolean => (flags & NLM_F_CREATE) !== 0;

describe('KernelLinks', () => {
  it('deletes what it created when the second message is refused', async () => {
    const { rtnl, sys, types } = open((request) => {
      const { sequence, type } = request;
      if (isCreation(request)) return [report(sequence), ackMessage({ sequence })];
      return [ackMessage({ sequence, errno: type === RTM.NEWLINK ? 95 : 0 })];
    });

    const error = await failure(rtnl.links.createBridge({ name: 'a0', alias: 'mine' }));

    expect(error).to.include({ code: 'EOPNOTSUPP', operation: 'link.create', subject: 'a0' });
    expect(types()).to.deep.equal([RTM.NEWLINK, RTM.NEWLINK, RTM.DELLINK]);
    expect(sys.sent[2]?.[0]?.payload[4]).to.equal(7);
  });

  it('looks the link up where the kernel does not echo it (before 6.2)', async () => {
    const { rtnl, types } = open(({ sequence, type }) =>
      type === RTM.GETLINK ? [report(sequence), ackMessage({ sequence })] : [ackMessage({ sequence })],
    );

    expect(await rtnl.links.createBridge({ name: 'a0' })).to.deep.equal({ index: 7 });
    expect(types()).to.deep.equal([RTM.NEWLINK, RTM.GETLINK]);
  });

  it('sends one message only when the kernel takes everything in it', async () => {
    const { rtnl, types } = open(({ sequence }) => [report(sequence), ackMessage({ sequence })]);

    await rtnl.links.createBridge({ name: 'a0', mtuBytes: 1500, mac: '02:00:00:00:00:01' });

    expect(types()).to.deep.equal([RTM.NEWLINK]);
  });

  it('sends nothing for an empty change or a bad argument', async () => {
    const { rtnl, sys } = open(() => []);

    await rtnl.links.set({ index: 1 }, {});
    await failure(rtnl.links.createBridge({ name: 'a0', alias: 'x'.repeat(300) }));
    await failure(rtnl.links.delete({ index: -1 }));
    await failure(rtnl.links.set({ name: 'a0' }, { mtuBytes: 1.5 }));
    await failure(rtnl.links.set({ name: 'a0' }, { netns: fakeKernel().createNetns() }));

    expect(sys.sent).to.deep.equal([]);
  });

  it('filters what an old kernel does not', async () => {
    const { rtnl } = open(({ sequence }) => [report(sequence), withHeader(ackMessage({ sequence }), {})]);

    expect(await rtnl.links.list({ kind: 'veth' })).to.deep.equal([]);
    expect(await rtnl.links.list({ group: 0 })).to.have.lengthOf(1);
  });
});
