import { expect } from 'chai';
import fc from 'fast-check';
import { decodeIpPacket } from '../../src/codec/ip-packet.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const IPV4 = '45 00 00 28 00 00 40 00 40 06 00 00 0a 01 00 02 c0 00 02 07';
const PORTS = 'c3 50 01 bb';
/** Length 8 + what follows, next header given. */
const ipv6 = (next: string): string =>
  `60 00 00 00 00 10 ${next} 40 fd00 0000 0000 0000 0000 0000 0000 0001 2001 0db8 0000 0000 0000 0000 0000 0007`;
const ends6 = { family: 6, source: 'fd00::1', destination: '2001:db8::7', lengthBytes: 56 };

describe('decodeIpPacket', () => {
  it('reads addresses, protocol and ports, also behind options', () => {
    const expected = { family: 4, source: '10.1.0.2', destination: '192.0.2.7', protocol: 6, lengthBytes: 40 };

    expect(decodeIpPacket(bytes(IPV4 + PORTS))).to.deep.equal({
      ...expected,
      sourcePort: 50_000,
      destinationPort: 443,
    });
    expect(decodeIpPacket(bytes(`46${IPV4.slice(2)} 01010101 ${PORTS}`))?.destinationPort).to.equal(443);
    expect(decodeIpPacket(bytes(IPV4))).to.deep.equal(expected);
  });

  it('reads no ports in later fragments', () => {
    expect(decodeIpPacket(bytes(IPV4.replace('40 00 40 06', '20 01 40 06') + PORTS))).not.to.have.property(
      'sourcePort',
    );
    expect(decodeIpPacket(bytes(IPV4.replace('40 00 40 06', '20 00 40 06') + PORTS))).to.have.property('sourcePort');
    const fragment = (offset: string): string => `${ipv6('2c')} 11 00 ${offset} 00000001 ${PORTS}`;
    expect(decodeIpPacket(bytes(fragment('00 01')))).to.deep.include({ ...ends6, protocol: 17, destinationPort: 443 });
    expect(decodeIpPacket(bytes(fragment('00 09')))).to.deep.equal({ ...ends6, protocol: 17 });
  });

  it('passes over extension headers', () => {
    const hops = '3c 00 0000 0000 0000'; // then destination options
    const options = '33 01 0000 0000 0000 0000 0000 0000 0000'; // then authentication
    const authentication = '3a 01 0000 0000 0000 0000 0000';
    expect(decodeIpPacket(bytes(`${ipv6('00')} ${hops} ${options} ${authentication} 80 00`))).to.deep.equal({
      ...ends6,
      protocol: 58,
      icmp: { type: 128, code: 0 },
    });
    expect(decodeIpPacket(bytes(`${ipv6('00')} 06 ff 0000`))).to.deep.equal({ ...ends6, protocol: 0 });
    expect(decodeIpPacket(bytes(ipv6('3b')))).to.deep.equal({ ...ends6, protocol: 59 });
  });

  it('returns for any bytes, and undefined for those that are no packet', () => {
    for (const hex of ['', '00', '45', '60', '44'.padEnd(40, '0'), '75'.padEnd(80, '0')]) {
      expect(decodeIpPacket(bytes(hex)), hex).to.equal(undefined);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0x45, 0x4f, 0x60), (rest, first) => {
        const packet = decodeIpPacket(Uint8Array.of(first, ...rest));
        if (packet !== undefined) expect(packet.protocol).to.be.within(0, 255);
      }),
      { numRuns: 2000 },
    );
  });
});
