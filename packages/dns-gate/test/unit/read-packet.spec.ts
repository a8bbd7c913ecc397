import { expect } from 'chai';
import { Buffer } from 'node:buffer';
import { readPacket } from '../../src/packet/read-packet.ts';
import { CLIENT, CLIENT6, ip, RESOLVER, RESOLVER6, tcp, udp } from '../support/packets.ts';

const PAYLOAD = Buffer.from('what is said');
const UDP_BODY = Buffer.from(udp(CLIENT6, RESOLVER6, PAYLOAD)).subarray(40);
const withNext = (next: number, ...extensions: number[]): Uint8Array => {
  const bytes = ip(CLIENT6, RESOLVER6, 17, UDP_BODY, Buffer.from(extensions));
  bytes[6] = next;
  return bytes;
};
const read = (bytes: Uint8Array): string | undefined => {
  const packet = readPacket(bytes);
  return packet && Buffer.from(packet.payload).toString();
};

describe('readPacket', () => {
  it('reads UDP of both families, and passes over what is behind it', () => {
    for (const bytes of [udp(CLIENT, RESOLVER, PAYLOAD), udp(CLIENT6, RESOLVER6, PAYLOAD)]) {
      expect(readPacket(bytes)).to.include({ sourcePort: 40_000, destinationPort: 53 });
      expect(read(Buffer.concat([bytes, Buffer.alloc(6)]))).to.equal('what is said');
    }
  });

  it('reads TCP', () => {
    const packet = readPacket(tcp(CLIENT, RESOLVER, 0xffff_fffe, PAYLOAD, 0x12));

    expect(packet?.tcp).to.deep.equal({ sequence: 0xffff_fffe, isSyn: true, isReset: false });
    expect(packet?.payload).to.deep.equal(PAYLOAD);
  });

  it('reads behind extension headers and a fragment header that splits nothing', () => {
    const options = [17, 0, 1, 4, 0, 0, 0, 0];

    expect(read(withNext(0, ...options))).to.equal('what is said');
    expect(read(withNext(0, 44, ...options.slice(1), 17, 0, 0, 0, 0, 0, 0, 1))).to.equal('what is said');
  });

  it('reads behind options of IPv4', () => {
    const plain = udp(CLIENT, RESOLVER, PAYLOAD);
    const bytes = Buffer.concat([plain.subarray(0, 20), Buffer.of(1, 1, 1, 1), plain.subarray(20)]);
    bytes[0] = 0x46;
    bytes.writeUInt16BE(bytes.length, 2);

    expect(read(bytes)).to.equal('what is said');
  });

  it('reads no fragments, other protocols, and nothing that is cut off', () => {
    const whole = udp(CLIENT, RESOLVER, PAYLOAD);
    for (const flags of [0x20_00, 0x00_01]) {
      const fragment = Buffer.from(whole);
      fragment.writeUInt16BE(flags, 6);
      expect(read(fragment)).to.equal(undefined);
    }
    expect(read(withNext(44, 17, 0, 0, 1, 0, 0, 0, 1))).to.equal(undefined);
    expect(read(withNext(44, 17, 0, 0, 8, 0, 0, 0, 1))).to.equal(undefined);
    expect(read(ip(CLIENT, RESOLVER, 132, PAYLOAD))).to.equal(undefined);
    expect(
      read(
        withNext(
          0,
          ...Array<number>(9)
            .fill(0)
            .flatMap(() => [0, 0, 1, 4, 0, 0, 0, 0]),
        ),
      ),
    ).to.equal(undefined);
    for (const bytes of [whole, udp(CLIENT6, RESOLVER6, PAYLOAD), tcp(CLIENT, RESOLVER, 1, PAYLOAD)]) {
      for (let length = 0; length < bytes.length; length++)
        expect(readPacket(bytes.subarray(0, length))).to.equal(undefined);
    }
  });
});
