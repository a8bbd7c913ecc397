import { NFNL_SUBSYS_QUEUE } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import { buildQueueBind, buildVerdict, decodePacket } from '../../src/codec/packet-queue.ts';

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const attribute = (type: number, ...payload: number[]): number[] => [
  payload.length + 4,
  0,
  type,
  0,
  ...payload,
  ...Array<number>((4 - (payload.length % 4)) % 4).fill(0),
];
const message = (...attributes: number[][]): Parameters<typeof decodePacket>[0] => ({
  type: NFNL_SUBSYS_QUEUE << 8,
  flags: 0,
  sequence: 0,
  payload: Uint8Array.from([2, 0, 0, 7, ...attributes.flat()]),
});
const header = attribute(1, 0, 0, 1, 2, 0x86, 0xdd, 4);

describe('messages of a packet queue', () => {
  it('bind it, with the number of the queue and the length in network byte order', () => {
    const bytes = buildQueueBind(0x1234, 5);

    expect(toHex(bytes.subarray(4, 8))).to.equal('02030000');
    expect(toHex(bytes.subarray(16))).to.equal(
      '00001234' + '0800010001000000' + '090002000000ffff02000000' + '0800030000000005',
    );
  });

  it('say what becomes of a packet', () => {
    expect(toHex(buildVerdict(7, { id: 258, verdict: 'accept', mark: 3 }).subarray(16))).to.equal(
      '00000007' + '0800030000000003' + '0c0002000000000100000102',
    );
    expect(toHex(buildVerdict(7, { id: 1, verdict: 'drop' }).subarray(16))).to.equal(
      '00000007' + '0c0002000000000000000001',
    );
  });

  it('are read as packets', () => {
    const read = decodePacket(
      message(header, attribute(3, 0x80, 0, 0, 1), attribute(6, 0, 0, 0, 9), attribute(10, 1, 2, 3)),
    );

    expect(read).to.deep.equal({
      id: 258,
      hook: 'postrouting',
      family: 6,
      inLink: 0,
      outLink: 9,
      mark: 0x8000_0001,
      bytes: Uint8Array.of(1, 2, 3),
    });
  });

  it('are no packet to be judged when something is missing', () => {
    const payload = attribute(10, 1);
    const unreadable = { id: 258, isUnreadable: true };

    expect(decodePacket(message(payload))).to.equal(undefined);
    expect(decodePacket({ ...message(header, payload), type: 0x302 })).to.equal(undefined);
    expect(decodePacket(message(header))).to.deep.equal(unreadable);
    expect(decodePacket(message(header, payload, attribute(13, 0, 0, 9, 9)))).to.deep.equal(unreadable);
    expect(decodePacket(message(attribute(1, 0, 0, 1, 2, 8, 6, 4), payload))).to.deep.equal(unreadable);
    expect(decodePacket(message(attribute(1, 0, 0, 1, 2, 8, 0, 9), payload))).to.deep.equal(unreadable);
  });
});
