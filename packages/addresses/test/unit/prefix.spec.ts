import { expect } from 'chai';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import {
  addressBits,
  type AddressValue,
  bytesOf,
  comparePrefixes,
  contains,
  familyOf,
  formatAddress,
  formatPrefix,
  hostPrefix,
  includes,
  isLinkLocalIpv6,
  numberOf,
  overlaps,
  parseAddress,
  parseIp,
  parsePrefix,
  type Prefix,
} from '../../src/index.ts';

const address = fc.oneof(
  fc.bigInt(0n, 2n ** 32n - 1n).map((value): AddressValue => ({ family: 4, value })),
  fc.bigInt(0n, 2n ** 128n - 1n).map((value): AddressValue => ({ family: 6, value })),
);
/** Few bits differ, so that prefixes often contain each other. */
const prefix = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), top: fc.nat(7), length: fc.nat(6), low: fc.nat(3) })
  .map(({ family, top, length, low }): Prefix => {
    const value = (BigInt(top) << BigInt(addressBits(family) - 3)) | BigInt(low);
    return parsePrefix(`${formatAddress({ family, value })}/${length > 4 ? addressBits(family) - 1 : length}`)!;
  });
const known = (text: string): Prefix => parsePrefix(text)!;

describe('addresses as numbers', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(parseAddress(formatAddress(one))).to.deep.equal(one);
      }),
    );
  });

  it('are the same as their bytes', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(numberOf({ bytes: bytesOf(one) })).to.equal(one.value);
        expect(parseIp(formatAddress(one))).to.deep.equal({ family: one.family, bytes: bytesOf(one) });
      }),
    );
  });

  it('can be read from the middle of a message', () => {
    const message = Uint8Array.of(9, 9, 9, 10, 1, 2, 3, 9);

    expect(numberOf({ bytes: message.subarray(3, 7) })).to.equal(0x0a010203n);
  });

  it('have the family that their text shows', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(familyOf(formatAddress(one))).to.equal(one.family);
      }),
    );
  });

  for (const text of ['', 'mine', '10.1', '010.1.2.3', '10.1.2.256', '0x0a.1.2.3', '10.1.2.3/32', 'fe80::1%eth0']) {
    it(`are not read from "${text}"`, () => {
      expect(parseAddress(text)).to.equal(undefined);
    });
  }
});

describe('parsePrefix', () => {
  it('clears host bits and gives both ends', () => {
    expect(parsePrefix('10.1.2.3/16')).to.deep.equal({ family: 4, length: 16, first: 0x0a010000n, last: 0x0a01ffffn });
    expect(formatPrefix(known('2001:DB8::1:0:0:5/64'))).to.equal('2001:db8::/64');
  });

  const wrong = ['', '/8', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/08', '10.0.0.0/8 ', '::/129'];
  for (const text of wrong) {
    it(`does not read "${text}"`, () => {
      expect(parsePrefix(text)).to.equal(undefined);
    });
  }

  it('reads what formatPrefix writes', () => {
    fc.assert(
      fc.property(prefix, (one) => {
        expect(parsePrefix(formatPrefix(one))).to.deep.equal(one);
      }),
    );
  });
});

describe('includes', () => {
  it('agrees with ipaddr.js', () => {
    const near = fc.tuple(prefix, fc.nat(7), fc.nat(3)).map(([one, top, low]) => {
      const value = (BigInt(top) << BigInt(addressBits(one.family) - 3)) | BigInt(low);
      return { one, candidate: { family: one.family, value } };
    });
    fc.assert(
      fc.property(near, ({ one, candidate }) => {
        const range = ipaddr.parseCIDR(formatPrefix(one));

        expect(includes(one, candidate)).to.equal(ipaddr.parse(formatAddress(candidate)).match(range));
      }),
    );
  });

  it('is false for the other family', () => {
    expect(includes(known('::/0'), parseAddress('10.1.0.0')!)).to.equal(false);
  });
});

describe('contains and overlaps', () => {
  it('agree: two prefixes overlap exactly when one contains the other', () => {
    fc.assert(
      fc.property(prefix, prefix, (a, b) => {
        expect(overlaps(a, b)).to.equal(contains(a, b) || contains(b, a));
        expect(contains(a, b)).to.equal(a.length <= b.length && includes(a, { family: b.family, value: b.first }));
      }),
    );
  });
});

describe('comparePrefixes', () => {
  it('orders by family, address and length', () => {
    const sorted = ['fd00::/8', '10.0.0.0/9', '9.0.0.0/8', '10.0.0.0/8'].map(known).sort(comparePrefixes);

    expect(sorted.map(formatPrefix)).to.deep.equal(['9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/9', 'fd00::/8']);
  });

  it('is an order: opposite when turned, zero only for the same prefix', () => {
    fc.assert(
      fc.property(prefix, prefix, (a, b) => {
        expect(Math.sign(comparePrefixes(a, b)) + Math.sign(comparePrefixes(b, a))).to.equal(0);
        expect(comparePrefixes(a, b) === 0).to.equal(formatPrefix(a) === formatPrefix(b));
      }),
    );
  });
});

describe('hostPrefix', () => {
  it('is the prefix of that address alone', () => {
    fc.assert(
      fc.property(address, (one) => {
        const alone = known(hostPrefix(formatAddress(one)));

        expect([alone.first, alone.last]).to.deep.equal([one.value, one.value]);
      }),
    );
  });
});

describe('isLinkLocalIpv6', () => {
  it('is true in fe80::/10 only', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(isLinkLocalIpv6(formatAddress(one))).to.equal(includes(known('fe80::/10'), one));
      }),
    );
    expect(['fe80::1', 'FEBF::1', 'fec0::1', '10.1.2.3'].map(isLinkLocalIpv6)).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });
});
