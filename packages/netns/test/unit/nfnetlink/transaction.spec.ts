import { expect } from 'chai';

import { MessageWriter } from '../../../src/codec/writer.ts';
import { KernelNfnetlink } from '../../../src/nfnetlink/kernel-nfnetlink.ts';
import { NetlinkSocket } from '../../../src/socket/netlink-socket.ts';
import { NLM_F_ACK, NLM_F_REQUEST } from '../../../src/uapi/netlink.ts';
import { NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES } from '../../../src/uapi/nfnetlink.ts';
import { failure } from '../../support/failure.ts';
import { ackMessage, purpose } from '../../support/messages.ts';
import { type Answer, ScriptedSys } from '../../support/scripted-sys.ts';

const TYPE = (NFNL_SUBSYS_NFTABLES << 8) | 12;
const element = (value: number): Uint8Array => new MessageWriter(TYPE, 0).u32(0).attributeU32(1, value).finish();

function open(answer: Answer): { sys: ScriptedSys; nfnetlink: KernelNfnetlink } {
  const sys = new ScriptedSys(answer);
  return { sys, nfnetlink: new KernelNfnetlink(new NetlinkSocket(sys, 40)) };
}

/** The kernel acknowledges the message that asks for it, and nothing else. */
const applies: Answer = (_last, all) =>
  all.filter(({ flags }) => (flags & NLM_F_ACK) !== 0).map(({ sequence }) => ackMessage({ sequence }));

describe('KernelNfnetlink.transaction', () => {
  const send = (nfnetlink: KernelNfnetlink, ...messages: Uint8Array[]): Promise<void> =>
    nfnetlink.transaction(NFNL_SUBSYS_NFTABLES, messages, purpose);

  it('sends all messages between begin and end in one datagram, the last one acknowledged', async () => {
    const { sys, nfnetlink } = open(applies);

    await send(nfnetlink, element(1), element(2));

    expect(sys.sent).to.have.lengthOf(1);
    expect(sys.sent[0]?.map(({ type }) => type)).to.deep.equal([NFNL_MSG_BATCH_BEGIN, TYPE, TYPE, NFNL_MSG_BATCH_END]);
    expect(sys.sent[0]?.map(({ flags }) => flags)).to.deep.equal(
      [0, 0, NLM_F_ACK, 0].map((flags) => flags | NLM_F_REQUEST),
    );
    expect([...(sys.sent[0]?.[0]?.payload ?? [])]).to.deep.equal([0, 0, 0, NFNL_SUBSYS_NFTABLES]);
  });

  it('sends nothing for no messages', async () => {
    const { sys, nfnetlink } = open(applies);

    await send(nfnetlink);

    expect(sys.sent).to.deep.equal([]);
  });

  it('rejects with the first refusal, and is ready for the next', async () => {
    let isRefusing = true;
    const { nfnetlink } = open((last, all) => {
      if (!isRefusing) return applies(last, all);
      const [, first, second] = all;
      return [
        ackMessage({ sequence: first!.sequence, errno: 2, offset: 20 }),
        ackMessage({ sequence: second!.sequence, errno: 17 }),
      ];
    });

    const error = await failure(send(nfnetlink, element(1), element(2)));
    isRefusing = false;
    await send(nfnetlink, element(3));

    expect(error).to.include({ code: 'ENOENT' });
    expect(error.message).to.contain('attribute 1');
  });

  it('rejects at once when the batch as a whole is refused', async () => {
    const { nfnetlink } = open((_last, [begin]) => [ackMessage({ sequence: begin!.sequence, errno: 1 })]);

    expect(await failure(send(nfnetlink, element(1)))).to.include({ code: 'EPERM' });
  });

  it('rejects when the datagram is too long for the socket', async () => {
    const { sys, nfnetlink } = open(applies);
    sys.sendResult = -90;

    expect(await failure(send(nfnetlink, element(1)))).to.include({ code: 'EMSGSIZE' });
  });

  it('has one transaction at a time', async () => {
    const { sys, nfnetlink } = open(applies);

    await Promise.all([send(nfnetlink, element(1)), send(nfnetlink, element(2)), send(nfnetlink, element(3))]);

    expect(sys.mostInFlight).to.equal(1);
    expect(sys.sent).to.have.lengthOf(3);
  });

  it('finishes what was asked for before it closes, and refuses the rest', async () => {
    const { sys, nfnetlink } = open(applies);
    const asked = send(nfnetlink, element(1));
    const closing = nfnetlink.close();

    expect(await failure(send(nfnetlink, element(2)))).to.include({ code: 'CLOSED' });
    await Promise.all([asked, closing, nfnetlink.close()]);

    expect(sys.sent).to.have.lengthOf(1);
    expect(sys.closed).to.deep.equal([40]);
  });
});

describe('KernelNfnetlink.each', () => {
  it('sends all messages without a batch, and tells of each that failed', async () => {
    const { sys, nfnetlink } = open((last, all) => [
      ackMessage({ errno: 2, sequence: all[0]?.sequence ?? 0 }),
      ackMessage({ sequence: last.sequence }),
    ]);

    const errors = await nfnetlink.each([element(1), element(2)], purpose);

    expect(sys.sent[0]?.map(({ type }) => type)).to.deep.equal([TYPE, TYPE]);
    expect(errors.map(({ code }) => code)).to.deep.equal(['ENOENT']);
  });

  it('sends nothing for no messages', async () => {
    const { sys, nfnetlink } = open(() => []);

    expect(await nfnetlink.each([], purpose)).to.deep.equal([]);
    expect(sys.sent).to.deep.equal([]);
  });
});
