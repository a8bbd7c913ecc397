import { isIPv6 } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { formatAddress } from '@routed/addresses';
import { parseAddress } from '../../src/address.ts';
import { canonicalAddress } from '../../src/index.ts';
import { rejection } from './rejection.ts';

describe('canonicalAddress', () => {
  const same = ['0.0.0.0', '10.1.2.3', '200.255.0.1', '255.255.255.255', '::', '::1', '2001:db8::', '1:0:0:2::3'];
  for (const text of same) {
    it(`keeps ${text}`, () => {
      expect(canonicalAddress(text)).to.equal(text);
    });
  }

  const rewritten = [
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0:0:0:0:0:1', '2001:db8::1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1::2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['0:0:0:1::', '0:0:0:1::'],
  ] as const;
  for (const [text, canonical] of rewritten) {
    it(`writes ${text} as ${canonical}`, () => {
      expect(canonicalAddress(text)).to.equal(canonical);
    });
  }

  const sloppy = ['', 'mine', '10.1', '010.1.2.3', '10.1.2.256', '0x0a.1.2.3', ' 10.1.2.3', '10.1.2.3/32'];
  const foreign = ['fe80::1%eth0', '::ffff:10.1.2.3', '::ffff:a01:203', '::10.1.2.3', '2001:db8::1/128', '[::1]'];
  for (const text of [...sloppy, ...foreign]) {
    it(`refuses '${text}' and says what it expects`, async () => {
      const error = await rejection('INVALID_ADDRESS', () => canonicalAddress(text));

      expect(error.address).to.equal(text);
      expect(error.message).to.equal(
        `'${text}' is not an IP address: expected the form 10.1.0.2 or 2001:db8::2, without prefix length or zone ` +
          '(INVALID_ADDRESS)',
      );
    });
  }
});

describe('formatAddress', () => {
  it('is undone by parseAddress for every IPv4 address', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 32n - 1n), (value) => {
        expect(parseAddress(formatAddress({ family: 4, value }))).to.deep.equal({ family: 4, value });
      }),
    );
  });

  it('is undone by parseAddress for every IPv6 address that is not IPv4-mapped', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 128n - 1n), (value) => {
        fc.pre(value >> 32n !== 0xffffn);
        const text = formatAddress({ family: 6, value });

        expect(isIPv6(text)).to.equal(true);
        expect(parseAddress(text)).to.deep.equal({ family: 6, value });
      }),
    );
  });
});
