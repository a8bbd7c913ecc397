import { expect } from 'chai';

import { u32 } from '../../../src/codec/reader.ts';
import { MessageWriter } from '../../../src/codec/writer.ts';
import { buildLinkChange } from '../../../src/message/link-change.ts';
import { linkPurpose } from '../../../src/rtnl/purpose.ts';
import { KernelNfnetlink } from '../../../src/nfnetlink/kernel-nfnetlink.ts';
import { NetlinkSocket } from '../../../src/socket/netlink-socket.ts';
import { EINTR, ENOBUFS } from '../../../src/sys/errno.ts';
import type { NetlinkError } from '../../../src/errors.ts';
import type { Purpose } from '../../../src/socket/channel.ts';
import { Pace } from '../../../src/socket/pace.ts';
import { sendTogether, type Waiting } from '../../../src/socket/send-together.ts';
import {
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  SO_RCVBUFFORCE,
  SOL_SOCKET,
} from '../../../src/uapi/netlink.ts';
import { failure } from '../../support/failure.ts';
import { ackMessage, datagram, doneMessage, purpose, withHeader } from '../../support/messages.ts';
import { type Answer, ScriptedSys } from '../../support/scripted-sys.ts';

const message = new MessageWriter(18, 0).u32(0).finish();
const row = (sequence: number, value: number, flags = 0): Uint8Array =>
  withHeader(new MessageWriter(16, flags).u32(value).finish(), { sequence });

function openSocket(answer: Answer, trace?: (line: string) => void): { sys: ScriptedSys; socket: NetlinkSocket } {
  const sys = new ScriptedSys(answer);
  return { sys, socket: new NetlinkSocket(sys, 40, trace) };
}

describe('NetlinkSocket', () => {
  describe('request', () => {
    it('asks for an acknowledgement and waits for it', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [ackMessage({ sequence })]);

      await socket.request(message, purpose);

      expect(sys.sent[0]?.[0]?.flags).to.equal(NLM_F_REQUEST | NLM_F_ACK);
    });

    it('decodes the reply that comes before the acknowledgement, in one datagram or two', async () => {
      const separate = openSocket(({ sequence }) => [row(sequence, 7), ackMessage({ sequence })]);
      const together = openSocket(({ sequence }) => [datagram(row(sequence, 8), ackMessage({ sequence }))]);

      expect(await separate.socket.request(message, purpose, ({ payload }) => u32(payload))).to.equal(7);
      expect(await together.socket.request(message, purpose, ({ payload }) => u32(payload))).to.equal(8);
    });

    it('rejects with errno, subject and the words of the kernel', async () => {
      const { socket } = openSocket(({ sequence }) => [ackMessage({ sequence, errno: 17, text: 'is taken' })]);

      const error = await failure<NetlinkError>(socket.request(message, purpose));

      expect(error).to.include({
        code: 'EEXIST',
        errno: 17,
        operation: 'test.run',
        subject: 'it',
        kernelMessage: 'is taken',
      });
      expect(error.message).to.equal('test.run it: is taken (EEXIST)');
    });

    it('names the attribute that the kernel points at', async () => {
      const request = buildLinkChange({ name: 'eth0' }, { mtuBytes: 1 }, purpose);
      const at = (fields: object): NetlinkSocket =>
        openSocket(({ sequence }) => [ackMessage({ sequence, errno: 22, text: 'bad', ...fields })]).socket;
      const attribute = async (fields: object): Promise<string | undefined> =>
        (await failure<NetlinkError>(at(fields).request(request, linkPurpose('set', { name: 'eth0' })))).attribute;

      expect(await attribute({ offset: 32 })).to.equal('IFLA_IFNAME');
      expect(await attribute({ offset: 44 })).to.equal('IFLA_MTU');
      expect(await attribute({ missing: 18 })).to.equal('IFLA_LINKINFO');
      expect(await attribute({ missing: 999 })).to.equal('attribute 999');
      expect(await attribute({ offset: 4000 })).to.equal(undefined);
      expect(await attribute({})).to.equal(undefined);
    });

    it('ignores late answers to earlier requests', async () => {
      const stale = [ackMessage({ sequence: 900, errno: 1 }), row(900, 1)];
      const { socket } = openSocket(({ sequence }) => [...stale, row(sequence, 2), ackMessage({ sequence })]);

      expect(await socket.request(message, purpose, ({ payload }) => u32(payload))).to.equal(2);
    });

    it('waits off the event loop when the answer is late', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [-11, ackMessage({ sequence })]);

      await socket.request(message, purpose);

      expect(sys.asyncReceives).to.equal(1);
    });

    it('gives up when no answer comes', async () => {
      const { socket } = openSocket(() => []);

      expect(await failure(socket.request(message, purpose))).to.include({ code: 'ETIMEDOUT' });
    });

    it('rejects when a system call fails', async () => {
      const receiving = openSocket(() => [-ENOBUFS]);
      const sending = openSocket(() => []);
      sending.sys.sendResult = -1;

      expect(await failure(receiving.socket.request(message, purpose))).to.include({ code: 'ENOBUFS' });
      expect(await failure(sending.socket.request(message, purpose))).to.include({ code: 'EPERM' });
    });

    it('repeats an interrupted receive', async () => {
      const { socket } = openSocket(({ sequence }) => [-EINTR, -EINTR, ackMessage({ sequence })]);

      await socket.request(message, purpose);
    });
  });

  describe('a request that needs no lock', () => {
    const unlocked = { ...purpose, lock: 'none' } as const;

    it('is sent on the event loop, and its answer decoded', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [row(sequence, 7), ackMessage({ sequence })]);

      const value = await socket.request(message, unlocked, ({ payload }) => u32(payload));

      expect(value).to.equal(7);
      expect(sys.mostInFlight).to.equal(0);
    });

    it('rejects with what the kernel says, unless that means that there is none', async () => {
      const { socket } = openSocket(({ sequence }) => [ackMessage({ sequence, errno: 101 })]);

      const refused = await failure(socket.request(message, unlocked, () => 1));
      const absent = await socket.request(message, { ...unlocked, absent: ['ENETUNREACH'] }, () => 1);

      expect(refused).to.include({ code: 'ENETUNREACH' });
      expect(absent).to.equal(undefined);
    });

    it('rejects when the send fails', async () => {
      const { sys, socket } = openSocket(() => []);
      sys.sendResult = -105;

      expect(await failure(socket.request(message, unlocked, () => 1))).to.include({ code: 'ENOBUFS' });
    });
  });

  describe('a request that needs a lock for a moment', () => {
    const brief = { ...purpose, lock: 'brief' } as const;

    /** A socket among requests that did not wait. */
    async function openPaced(answer: Answer): Promise<{ sys: ScriptedSys; socket: NetlinkSocket }> {
      const pace = new Pace(() => 0);
      for (let i = 0; i < 8; i++) await pace.away(() => Promise.resolve(0), true);
      const sys = new ScriptedSys(answer);
      return { sys, socket: new NetlinkSocket(sys, 40, undefined, pace) };
    }

    it('is sent on the event loop while none waited', async () => {
      const { sys, socket } = await openPaced(({ sequence }) => [ackMessage({ sequence })]);

      await socket.request(message, brief);

      expect(sys.mostInFlight).to.equal(0);
    });

    it('is sent on another thread when one has just waited', async () => {
      const clock = { ms: 0 };
      const pace = new Pace(() => clock.ms);
      const sys = new ScriptedSys(({ sequence }) => [ackMessage({ sequence })]);
      const socket = new NetlinkSocket(sys, 40, undefined, pace);
      for (let i = 0; i < 8; i++) await pace.away(() => Promise.resolve(0), true);

      await pace.away(() => Promise.resolve((clock.ms += 20)), true);
      await socket.request(message, brief);

      expect(sys.mostInFlight).to.equal(1);
    });

    it('is sent on the event loop with others that are as short, up to sixteen', async () => {
      const { sys, socket } = await openPaced(({ sequence }) => [ackMessage({ sequence })]);
      const requests = (count: number, last: Purpose = brief): Waiting[] =>
        Array.from({ length: count }, (_, at) => ({
          message,
          purpose: at === count - 1 ? last : brief,
          settle: () => undefined,
        }));

      await sendTogether(socket, requests(16));
      expect(sys.mostInFlight).to.equal(0);

      await sendTogether(socket, requests(17));
      expect(sys.mostInFlight).to.equal(1);

      sys.mostInFlight = 0;
      await sendTogether(socket, requests(2, purpose));
      expect(sys.mostInFlight, 'one that may take long').to.equal(1);
    });

    it('reads a dump on the event loop as well', async () => {
      const { sys, socket } = await openPaced(({ sequence }) => [
        datagram(row(sequence, 1), row(sequence, 2)),
        datagram(row(sequence, 3), doneMessage(sequence)),
      ]);

      expect(await socket.dump(message, brief, ({ payload }) => u32(payload))).to.deep.equal([1, 2, 3]);
      expect(sys.asyncReceives).to.equal(0);
    });
  });

  describe('batch', () => {
    it('says which message of which send a reply answers', async () => {
      const { socket } = openSocket((last, all) => [
        ...all.map(({ sequence }) => row(sequence, 1)),
        ackMessage({ sequence: last.sequence }),
      ]);
      const answered: number[] = [];

      await socket.batch(
        Array.from({ length: 66 }, () => message),
        { onReply: (_reply, index) => answered.push(index) },
      );

      expect(answered).to.deep.equal(Array.from({ length: 66 }, (_, index) => index));
    });

    it('asks for one acknowledgement and collects the failures', async () => {
      const { sys, socket } = openSocket((last, [first]) => [
        ackMessage({ sequence: first!.sequence, errno: 17 }),
        ackMessage({ sequence: last.sequence }),
      ]);

      const failures = await socket.batch([message, message, message]);

      expect(failures).to.deep.equal([{ index: 0, ack: { errno: 17 } }]);
      expect(sys.sent[0]?.map(({ flags }) => flags)).to.deep.equal([1, 1, 5]);
    });

    it('counts the last message among the failures', async () => {
      const { socket } = openSocket(({ sequence }) => [ackMessage({ sequence, errno: 19 })]);

      expect(await socket.batch([message, message])).to.deep.equal([{ index: 1, ack: { errno: 19 } }]);
    });

    it('splits what would overflow the receive buffer, when that cannot be made larger', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [ackMessage({ sequence, errno: 19 })]);
      sys.failingOptions.add(SO_RCVBUFFORCE);

      const failures = await socket.batch(Array.from({ length: 150 }, () => message));

      expect(sys.sent.map((messages) => messages.length)).to.deep.equal([64, 64, 22]);
      expect(failures.map(({ index }) => index)).to.deep.equal([63, 127, 149]);
    });
  });

  describe('a long batch', () => {
    it('makes room for the errors of more messages at once', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [ackMessage({ sequence, errno: 19 })]);

      const failures = await socket.batch(Array.from({ length: 300 }, () => message));

      expect(sys.sent.map((messages) => messages.length)).to.deep.equal([256, 44]);
      expect(failures.map(({ index }) => index)).to.deep.equal([255, 299]);
      expect(sys.options).to.deep.equal([[SOL_SOCKET, SO_RCVBUFFORCE]]);
    });

    it('is split where it would overflow the send buffer', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [ackMessage({ sequence })]);
      const long = new MessageWriter(16, 0, 50_000).bytes(new Uint8Array(0), 49_000).finish();

      await socket.batch([long, long, long, message]);

      expect(sys.sent.map((messages) => messages.length)).to.deep.equal([2, 2]);
    });
  });

  describe('dump', () => {
    const value = ({ payload }: { payload: Uint8Array }): number | undefined => u32(payload) || undefined;

    it('collects rows over several datagrams until the end, and leaves out undefined', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [
        datagram(row(sequence, 1), row(sequence, 0), row(sequence, 2)),
        datagram(row(sequence, 3), doneMessage(sequence)),
      ]);

      expect(await socket.dump(message, purpose, value)).to.deep.equal([1, 2, 3]);
      expect(sys.sent[0]?.[0]?.flags).to.equal(NLM_F_REQUEST | NLM_F_DUMP);
    });

    it('has the kernel fill the next part while it decodes one, and asks for none after the end', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [
        row(sequence, 1),
        datagram(row(sequence, 2), doneMessage(sequence)),
        row(sequence + 1, 3),
      ]);
      const waiting: number[] = [];

      await socket.dump(message, purpose, () => void waiting.push(sys.queue.length));

      expect(waiting).to.deep.equal([1, 1]);
    });

    it('rejects with the error that the end of a dump carries', async () => {
      const { socket } = openSocket(({ sequence }) => [doneMessage(sequence, 22)]);

      expect(await failure(socket.dump(message, purpose, value))).to.include({ code: 'EINVAL' });
    });

    it('rejects with an error in place of rows', async () => {
      const { socket } = openSocket(({ sequence }) => [ackMessage({ sequence, errno: 95, text: 'no such table' })]);

      expect(await failure(socket.dump(message, purpose, value))).to.include({ code: 'EOPNOTSUPP' });
    });

    it('starts over when the table changed meanwhile', async () => {
      let attempts = 0;
      const { socket } = openSocket(({ sequence }) => {
        attempts += 1;
        const flags = attempts < 3 ? NLM_F_DUMP_INTR : 0;
        return [row(sequence, attempts, flags), doneMessage(sequence)];
      });

      expect(await socket.dump(message, purpose, value)).to.deep.equal([3]);
    });

    it('sees an interruption reported only at the end', async () => {
      let attempts = 0;
      const { socket } = openSocket(({ sequence }) => {
        attempts += 1;
        return [row(sequence, attempts), doneMessage(sequence, 0, attempts === 1 ? NLM_F_DUMP_INTR : 0)];
      });

      expect(await socket.dump(message, purpose, value)).to.deep.equal([2]);
    });

    it('leaves nothing of a failed dump in the way of the next', async () => {
      const { sys, socket } = openSocket(({ sequence }) => [row(sequence, 1), row(sequence, 2), doneMessage(sequence)]);
      const decode = (): never => {
        throw new RangeError('decoder');
      };

      expect(await failure(socket.dump(message, purpose, decode))).to.be.instanceOf(RangeError);

      expect(sys.queue).to.deep.equal([]);
      expect(await socket.dump(message, purpose, value)).to.deep.equal([1, 2]);
    });

    it('gives the rows of the tenth attempt, marked, when the table never stops changing', async () => {
      let attempts = 0;
      const { sys, socket } = openSocket(({ sequence }) => [
        row(sequence, ++attempts, NLM_F_DUMP_INTR),
        doneMessage(sequence),
      ]);

      const rows = await socket.dump(message, purpose, value);

      expect([...rows]).to.deep.equal([10]);
      expect(rows.isInterrupted).to.equal(true);
      expect(sys.sent).to.have.lengthOf(10);
    });

    it('does not mark the rows of a table that comes to rest', async () => {
      const { socket } = openSocket(({ sequence }) => [row(sequence, 1), doneMessage(sequence)]);

      expect(await socket.dump(message, purpose, value)).not.to.have.property('isInterrupted');
    });

    it('hands half a ruleset to nobody', async () => {
      const { socket } = openSocket(({ sequence }) => [row(sequence, 1, NLM_F_DUMP_INTR), doneMessage(sequence)]);
      const nfnetlink = new KernelNfnetlink(socket);

      expect(await failure(nfnetlink.dump(message, purpose, value))).to.include({ code: 'EINTR' });
    });
  });

  it('traces what it sends and receives', async () => {
    const lines: string[] = [];
    const { socket } = openSocket(
      ({ sequence }) => [ackMessage({ sequence, errno: 19 })],
      (line) => lines.push(line),
    );

    await failure(socket.request(buildLinkChange({ name: 'eth0' }, { isUp: true }, purpose), purpose));

    expect(lines).to.deep.equal([
      '> RTM_NEWLINK seq=1 flags=0x5 00000000000000000100000001000000 3=6574683000',
      '< ACK seq=1 flags=0x100 ENODEV ',
    ]);
  });
});
