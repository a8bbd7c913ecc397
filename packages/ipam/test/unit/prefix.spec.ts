import { expect } from 'chai';
import fc from 'fast-check';
import { formatAddress } from '@routed/addresses';
import { formatPrefix, parsePrefix, prefixContains, prefixesOverlap } from '../../src/index.ts';
import type { Prefix } from '../../src/index.ts';
import { rejection } from './rejection.ts';

describe('parsePrefix', () => {
  it('gives the family, the length and both ends', () => {
    expect(parsePrefix('10.1.0.0/16')).to.deep.equal({
      family: 4,
      length: 16,
      first: 0x0a010000n,
      last: 0x0a01ffffn,
    });
  });

  const masked = [
    ['10.1.2.3/16', '10.1.0.0/16'],
    ['10.1.2.3/32', '10.1.2.3/32'],
    ['10.1.2.3/0', '0.0.0.0/0'],
    ['255.255.255.255/31', '255.255.255.254/31'],
    ['2001:DB8::1:0:0:5/64', '2001:db8::/64'],
    ['2001:db8::5/128', '2001:db8::5/128'],
    ['2001:db8::5/0', '::/0'],
  ] as const;
  for (const [text, canonical] of masked) {
    it(`reads ${text} as ${canonical}`, () => {
      expect(formatPrefix(parsePrefix(text))).to.equal(canonical);
    });
  }

  const addressless = ['', '/8', '10.0.0.0', '10.0.0.0/', '10.1/16', '010.0.0.0/8', 'ten/8', '10.0.0.0/8/9'];
  const badLength = ['10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8 ', '10.0.0.0/255.0.0.0', '::/129'];
  const foreign = ['fe80::%eth0/64', '::ffff:10.0.0.0/104', '::ffff:a00:0/104'];
  for (const text of [...addressless, ...badLength, ...foreign]) {
    it(`refuses '${text}' and says what it expects`, async () => {
      const error = await rejection('INVALID_PREFIX', () => parsePrefix(text));

      expect(error.prefix).to.equal(text);
      expect(error.message)
        .to.include(`'${text}' is not a prefix`)
        .and.include('expected the form 10.1.0.0/16 (length 0-32) or 2001:db8::/64 (length 0-128)');
    });
  }
});

describe('prefixContains', () => {
  it('includes both ends and nothing beyond', () => {
    expect(prefixContains('10.1.0.0/16', '10.1.0.0')).to.equal(true);
    expect(prefixContains('10.1.0.0/16', '10.1.255.255')).to.equal(true);
    expect(prefixContains('10.1.0.0/16', '10.0.255.255')).to.equal(false);
    expect(prefixContains('10.1.0.0/16', '10.2.0.0')).to.equal(false);
  });

  it('excludes the other family and malformed text', () => {
    expect(prefixContains(parsePrefix('::/0'), '10.1.0.0')).to.equal(false);
    expect(prefixContains('0.0.0.0/0', '10.1')).to.equal(false);
  });
});

describe('prefixesOverlap', () => {
  const prefix = fc
    .record({ family: fc.constantFrom(4 as const, 6 as const), bits: fc.bigInt(0n, 2n ** 128n - 1n), top: fc.nat(8) })
    .filter(({ bits }) => bits >> 32n !== 0xffffn)
    .map(({ family, bits, top }): Prefix => {
      const value = family === 4 ? bits & 0xff0000ffn : (bits >> 120n) << 120n;
      return parsePrefix(`${formatAddress({ family, value })}/${String(top)}`);
    });

  it('holds exactly when one contains the first address of the other', () => {
    fc.assert(
      fc.property(prefix, prefix, (a, b) => {
        const firstOf = (p: Prefix): string => formatAddress({ family: p.family, value: p.first });
        const nested = prefixContains(a, firstOf(b)) || prefixContains(b, firstOf(a));

        expect(prefixesOverlap(a, b)).to.equal(nested);
        expect(prefixesOverlap(formatPrefix(b), formatPrefix(a))).to.equal(nested);
      }),
    );
  });
});
