import { expect } from 'chai';

import { u32 } from '../../../src/codec/reader.ts';
import { MessageWriter } from '../../../src/codec/writer.ts';
import { BatchChannel } from '../../../src/socket/batch-channel.ts';
import { NetlinkSocket } from '../../../src/socket/netlink-socket.ts';
import { failure } from '../../support/failure.ts';
import { ackMessage, purpose } from '../../support/messages.ts';
import { type Answer, ScriptedSys } from '../../support/scripted-sys.ts';

const message = (value: number): Uint8Array => new MessageWriter(16, 0).u32(value).finish();

function openBatch(answer: Answer): { sys: ScriptedSys; channel: BatchChannel } {
  const sys = new ScriptedSys(answer);
  return { sys, channel: new BatchChannel(new NetlinkSocket(sys, 3)) };
}

const allDone: Answer = ({ sequence }) => [ackMessage({ sequence })];

describe('BatchChannel', () => {
  it('sends nothing before it is told to, and then all in one call, in order', async () => {
    const { sys, channel } = openBatch(allDone);
    const done = [1, 2, 3].map((value) => channel.request(message(value), purpose));
    expect(sys.sent).to.deep.equal([]);

    await channel.send();

    await Promise.all(done);
    expect(sys.sent.map((all) => all.map(({ payload }) => u32(payload)))).to.deep.equal([[1, 2, 3]]);
  });

  it('has the kernel begin with the first 256 while the others are made, and keeps the order', async () => {
    const { sys, channel } = openBatch(allDone);
    const done = Array.from({ length: 600 }, (_, value) => channel.request(message(value), purpose));
    expect(sys.inFlight).to.equal(1);

    await channel.send();

    await Promise.all(done);
    expect(sys.mostInFlight).to.equal(1);
    expect(sys.sent.flat().map(({ payload }) => u32(payload))).to.deep.equal(Array.from({ length: 600 }, (_, i) => i));
  });

  it('gives every request its own outcome', async () => {
    const { channel } = openBatch((last, all) => [
      ackMessage({ sequence: all[1]!.sequence, errno: 17 }),
      ackMessage({ sequence: last.sequence }),
    ]);
    const [first, second, third] = [1, 2, 3].map((value) =>
      channel.request(message(value), { operation: 'test.run', subject: `number ${value}` }),
    );
    const refused = failure(second!);

    await channel.send();

    await Promise.all([first, third]);
    expect(await refused).to.include({ code: 'EEXIST', subject: 'number 2' });
  });

  it('fails every request when the send fails', async () => {
    const { sys, channel } = openBatch(allDone);
    sys.sendResult = -105;
    const outcomes = [1, 2].map((value) => failure(channel.request(message(value), purpose)));

    await channel.send();

    for (const error of await Promise.all(outcomes)) expect(error).to.include({ code: 'ENOBUFS' });
  });

  it('hands on what is asked for after the send', async () => {
    const { sys, channel } = openBatch(allDone);
    await channel.send();

    await channel.session(purpose, (inner) => inner.request(message(4), purpose));

    expect(sys.sent).to.have.lengthOf(1);
  });
});
