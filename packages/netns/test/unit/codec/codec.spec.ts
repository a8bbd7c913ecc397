import { expect } from 'chai';
import * as fc from 'fast-check';

import { decodeAck } from '../../../src/codec/ack.ts';
import { formatMac, parseMac } from '../../../src/codec/mac.ts';
import { attributes, messages, text, u16, u32, u8 } from '../../../src/codec/reader.ts';
import { MessageWriter } from '../../../src/codec/writer.ts';
import { isNetlinkError } from '../../../src/errors.ts';
import { NLMSG_DONE } from '../../../src/uapi/netlink.ts';
import { ackMessage, datagram, doneMessage, withHeader } from '../../support/messages.ts';

const attributeList = fc.uniqueArray(
  fc.record({ type: fc.integer({ min: 0, max: 0x3fff }), payload: fc.uint8Array({ maxLength: 40 }) }),
  { selector: ({ type }) => type, maxLength: 20 },
);

describe('the codec', () => {
  it('reads the attributes it writes, whatever their length', () => {
    fc.assert(
      fc.property(attributeList, (list) => {
        const writer = new MessageWriter(16, 5).u32(7);
        for (const { type, payload } of list) writer.attribute(type, payload);

        const [message, ...rest] = messages(writer.finish());

        expect(rest).to.deep.equal([]);
        expect(u32(message!.payload)).to.equal(7);
        const found = attributes(message!.payload, 4);
        expect([...found.keys()].sort()).to.deep.equal(list.map(({ type }) => type).sort());
        for (const { type, payload } of list) expect(found.get(type)).to.deep.equal(payload);
      }),
    );
  });

  it('reads numbers of every width', () => {
    const writer = new MessageWriter(1, 0).u8(0xfe).u8(0).u16(0xfedc).u32(0xfedcba98);
    writer.attributeU8(1, 255).attributeU32(2, 0xffffffff).attributeString(3, 'eth0').attributeText(4, 'dummy');

    const { payload } = [...messages(writer.finish())][0]!;
    const found = attributes(payload, 8);

    expect([u8(payload), u16(payload, 2), u32(payload, 4)]).to.deep.equal([0xfe, 0xfedc, 0xfedcba98]);
    expect([u8(found.get(1)!), u32(found.get(2)!)]).to.deep.equal([255, 0xffffffff]);
    expect([text(found.get(3)!), text(found.get(4)!)]).to.deep.equal(['eth0', 'dummy']);
    expect([found.get(3)!.length, found.get(4)!.length]).to.deep.equal([5, 5]);
  });

  it('reads nested attributes, flagged or not', () => {
    for (const flag of [0, 0x8000]) {
      const writer = new MessageWriter(1, 0);
      writer.nest(18 | flag, () => writer.attributeU32(1, 42));

      const [message] = messages(writer.finish());

      expect(u32(attributes(attributes(message!.payload).get(18)!).get(1)!)).to.equal(42);
    }
  });

  it('reads every message of a datagram', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 33 }), { minLength: 1, maxLength: 10 }), (payloads) => {
        const parts = payloads.map((payload, i) =>
          withHeader(new MessageWriter(30 + i, i).attribute(1, payload).finish(), { sequence: i + 1 }),
        );

        const read = [...messages(datagram(...parts))];

        expect(read.map(({ type, flags, sequence }) => [type, flags, sequence])).to.deep.equal(
          payloads.map((_, i) => [30 + i, i, i + 1]),
        );
      }),
    );
  });

  it('answers EBADMSG, and nothing worse, to cut and scrambled input', () => {
    const good = datagram(
      new MessageWriter(24, 0).u32(1).u32(2).u32(3).attributeString(3, 'eth0').attributeU32(4, 5).finish(),
      ackMessage({ sequence: 1, errno: 22, text: 'no', offset: 4 }),
    );
    const scrambled = fc.record({
      cut: fc.nat(good.length),
      flips: fc.array(fc.tuple(fc.nat(good.length), fc.nat(255))),
    });

    fc.assert(
      fc.property(scrambled, ({ cut, flips }) => {
        const bytes = good.slice();
        for (const [index, value] of flips) bytes[index] = value;
        try {
          for (const message of messages(bytes.subarray(0, cut))) {
            attributes(message.payload, 12);
            decodeAck(message);
          }
        } catch (error) {
          if (!isNetlinkError(error, 'EBADMSG')) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  describe('decodeAck', () => {
    const decode = (bytes: Uint8Array): ReturnType<typeof decodeAck> => decodeAck([...messages(bytes)][0]!);

    it('reads success', () => {
      expect(decode(ackMessage({ sequence: 1 }))).to.deep.equal({ errno: 0 });
      expect(decode(doneMessage(1))).to.deep.equal({ errno: 0 });
      expect(decode(new MessageWriter(NLMSG_DONE, 0).finish())).to.deep.equal({ errno: 0 });
    });

    it('reads errors with the words of the kernel', () => {
      const fields = { sequence: 1, errno: 22, text: 'Invalid prefix', offset: 28, missing: 3 };

      expect(decode(ackMessage(fields))).to.deep.equal({
        errno: 22,
        message: 'Invalid prefix',
        attributeOffset: 28,
        missingAttribute: 3,
      });
      expect(decode(doneMessage(1, 19))).to.deep.equal({ errno: 19 });
    });

    it('finds the words behind the request when it is echoed in full', () => {
      const writer = new MessageWriter(2, 0x200).u32(-17 >>> 0);
      writer.u32(24).u16(16).u16(0).u32(1).u32(0).u32(0).u32(0).attributeString(1, 'taken');

      expect(decode(writer.finish())).to.deep.equal({ errno: 17, message: 'taken' });
    });
  });

  describe('MAC addresses', () => {
    it('are read as they are written', () => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
          expect(parseMac(formatMac(bytes))).to.deep.equal(bytes);
          expect(parseMac(formatMac(bytes).toUpperCase())).to.deep.equal(bytes);
        }),
      );
    });

    it('are refused when they are none', () => {
      for (const text of [
        '',
        '02:42',
        '02:42:0a:00:00:0g',
        '02-42-0a-00-00-07',
        '02:42:0a:00:00:07:08',
        ' 02:42:0a:00:00:07',
      ]) {
        expect(parseMac(text)).to.equal(undefined);
      }
    });
  });
});
