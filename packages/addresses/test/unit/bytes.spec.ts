import { isIP, SocketAddress } from 'node:net';

import { expect } from 'chai';
import * as fc from 'fast-check';
import ipaddr from 'ipaddr.js';

import { formatCidr, formatIp, hasHostBits, parseCidr, parseIp } from '../../src/bytes.ts';

const ipv4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** Many zero bytes, so that runs of zero groups are common. */
const ipv6Bytes = fc
  .array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 })
  .map((b) => Uint8Array.from(b));

describe('ip', () => {
  describe('formatIp', () => {
    it('writes the canonical text of RFC 5952', () => {
      const texts = [
        ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
        ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
        ['0:0:0:0:0:0:0:0', '::'],
        ['0:0:0:0:0:0:0:1', '::1'],
        ['1:0:0:0:0:0:0:0', '1::'],
        ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
        ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
        ['fe80:0::00A0', 'fe80::a0'],
      ] as const;

      for (const [input, output] of texts) expect(formatIp(parseIp(input)!.bytes)).to.equal(output);
    });

    it('agrees with the C library on IPv6', () => {
      fc.assert(
        fc.property(ipv6Bytes, (bytes) => {
          // The C library also writes the long abandoned ::a.b.c.d in mixed notation.
          fc.pre(bytes.subarray(0, 12).some((byte) => byte !== 0));
          const text = formatIp(bytes);

          expect(new SocketAddress({ address: text, family: 'ipv6' }).address).to.equal(text);
        }),
        { numRuns: 1000 },
      );
    });
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Bytes, ipv6Bytes), (bytes) => {
        const ip = parseIp(formatIp(bytes));

        expect(ip?.bytes).to.deep.equal(bytes);
        expect(ip?.family).to.equal(bytes.length === 4 ? 4 : 6);
      }),
    );
  });

  it('reads what the platform takes for an address, to the bytes that ipaddr.js reads', () => {
    const mixed = fc.tuple(fc.ipV6(), fc.ipV4()).map(([six, four]) => six.replace(/[^:]*:[^:]*$/, four));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), mixed), (text) => {
        // ipaddr.js takes ::a.b.c.d for ::ffff:a.b.c.d.
        fc.pre(!/^::[^:]*\./.test(text));
        const ip = parseIp(text);

        expect(ip !== undefined).to.equal(isIP(text) !== 0);
        if (ip !== undefined) expect(Array.from(ip.bytes)).to.deep.equal(ipaddr.parse(text).toByteArray());
      }),
      { numRuns: 1000 },
    );
  });

  describe('parseCidr', () => {
    it('takes an address alone for a host prefix', () => {
      expect(parseCidr('10.0.0.1')?.prefixLength).to.equal(32);
      expect(parseCidr('fd00::1')?.prefixLength).to.equal(128);
    });

    it('refuses what is no prefix', () => {
      const texts = [
        '',
        '/',
        '10.0.0.0/',
        '10.0.0.0/33',
        '10.0.0.0/-1',
        '10.0.0.0/08',
        '10.0.0.0/8/8',
        'fd00::/129',
        'x/8',
        'fe80::1%eth0/64',
        'fe80::1%eth0',
      ];

      for (const text of texts) expect(parseCidr(text), text).to.equal(undefined);
    });

    it('reads what formatCidr writes', () => {
      fc.assert(
        fc.property(fc.oneof(ipv4Bytes, ipv6Bytes), fc.nat(32), (bytes, prefixLength) => {
          expect(parseCidr(formatCidr({ bytes, prefixLength }))).to.deep.include({ bytes, prefixLength });
        }),
      );
    });

    it('survives any text', () => {
      fc.assert(fc.property(fc.string(), (text) => void parseCidr(text)));
    });
  });

  describe('hasHostBits', () => {
    it('is false exactly when nothing is set below the prefix length', () => {
      fc.assert(
        fc.property(fc.oneof(ipv4Bytes, ipv6Bytes), fc.nat(128), (bytes, length) => {
          const prefixLength = Math.min(length, bytes.length * 8);
          const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');

          expect(hasHostBits({ family: 4, bytes, prefixLength })).to.equal(bits.slice(prefixLength).includes('1'));
        }),
      );
    });
  });
});
