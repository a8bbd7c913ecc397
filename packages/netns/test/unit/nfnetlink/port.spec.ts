import { expect } from 'chai';

import { MessageWriter } from '../../../src/codec/writer.ts';
import type { NetlinkError } from '../../../src/errors.ts';
import { KernelNfnetlinkPort } from '../../../src/nfnetlink/kernel-nfnetlink-port.ts';
import { ENOBUFS } from '../../../src/sys/errno.ts';
import { failure } from '../../support/failure.ts';
import { ackMessage, datagram, purpose } from '../../support/messages.ts';
import { type Answer, ScriptedSys } from '../../support/scripted-sys.ts';

const message = (value: number): Uint8Array => new MessageWriter(0x300, 0).u32(value).finish();

function open(answer?: Answer): { sys: ScriptedSys; port: KernelNfnetlinkPort; seen: (string | number[])[] } {
  const sys = new ScriptedSys(answer);
  const port = new KernelNfnetlinkPort(sys, 40);
  const seen: (string | number[])[] = [];
  port.on('messages', (messages) => seen.push(messages.map(({ payload }) => payload[0]!)));
  port.on('overrun', () => seen.push('overrun'));
  port.on('error', ({ code }) => seen.push(code));
  return { sys, port, seen };
}

describe('KernelNfnetlinkPort', () => {
  it('settles requests by their acknowledgements, whatever comes between', async () => {
    const { sys, port, seen } = open(({ sequence }) => [
      message(7),
      ackMessage({ sequence, errno: sequence === 2 ? 16 : 0, text: 'it is taken' }),
    ]);
    const first = port.request(message(1), purpose);
    const second = failure<NetlinkError>(port.request(message(2), purpose));

    sys.onReadable?.();

    await first;
    expect(await second).to.include({ code: 'EBUSY', kernelMessage: 'it is taken', operation: 'test.run' });
    expect(seen).to.deep.equal([[7], [7]]);
  });

  it('sends many messages at once, and waits for none of them', () => {
    const { sys, port } = open();

    port.send([message(1), message(2)], purpose);
    port.send([], purpose);

    expect(sys.sent.map((each) => each.map(({ flags, sequence }) => [flags, sequence]))).to.deep.equal([
      [
        [1, 0],
        [1, 0],
      ],
    ]);
  });

  it('reports the messages of a datagram together, and those that were lost', () => {
    const { sys, seen } = open();
    sys.queue.push(datagram(message(1), message(2)), -ENOBUFS, message(3), Uint8Array.of(1, 2));

    sys.onReadable?.();

    expect(seen).to.deep.equal([[1, 2], [3], 'overrun', 'overrun']);
  });

  it('passes over an acknowledgement that nobody waits for', () => {
    const { sys, seen } = open();
    sys.queue.push(ackMessage({ sequence: 0, errno: 2 }));

    sys.onReadable?.();

    expect(seen).to.deep.equal([]);
  });

  it('gives requests up when the socket dies, and when it is closed', async () => {
    const dead = open();
    const given = failure<NetlinkError>(dead.port.request(message(1), purpose));
    dead.sys.queue.push(-9);
    dead.sys.onReadable?.();
    const closed = open();
    const under = failure<NetlinkError>(closed.port.request(message(1), purpose));
    await closed.port.close();
    const later = failure<NetlinkError>(closed.port.request(message(1), purpose));

    expect((await given).code).to.equal('EBADF');
    expect(dead.seen).to.deep.equal(['EBADF']);
    expect((await under).code).to.equal('CLOSED');
    expect((await later).code).to.equal('CLOSED');
    expect(() => closed.port.send([message(1)], purpose)).to.throw('the port was closed');
  });

  it('says what sending fails with', () => {
    const { sys, port } = open();
    sys.sendResult = -1;

    expect(() => port.send([message(1)], purpose)).to.throw('send failed');
  });
});
