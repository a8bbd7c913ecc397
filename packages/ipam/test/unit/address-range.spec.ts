import { expect } from 'chai';
import { automaticRange, derivedPoint, freeAddresses, rangeSize } from '../../src/address-range.ts';
import { AddressSet } from '../../src/address-set.ts';
import { parsePrefix } from '../../src/index.ts';

describe('automaticRange', () => {
  const sizes = [
    ['10.0.0.0/12', undefined, 2n ** 20n - 2n],
    ['10.0.0.0/30', undefined, 2n],
    ['10.0.0.0/31', undefined, 2n],
    ['10.0.0.0/32', undefined, 1n],
    ['2001:db8::/64', undefined, 2n ** 64n - 1n],
    ['2001:db8::/126', undefined, 3n],
    ['2001:db8::/127', undefined, 2n],
    ['2001:db8::/128', undefined, 1n],
    ['10.0.0.0/16', '10.0.7.0/24', 256n],
    ['10.0.0.0/16', '10.0.0.0/24', 255n],
    ['10.0.0.0/16', '10.0.255.0/24', 255n],
    ['10.0.0.0/16', '10.0.0.0/32', 0n],
  ] as const;
  for (const [prefix, subPool, size] of sizes) {
    it(`has ${String(size)} addresses in ${prefix}${subPool === undefined ? '' : ` limited to ${subPool}`}`, () => {
      const range = automaticRange(parsePrefix(prefix), subPool === undefined ? undefined : parsePrefix(subPool));

      expect(rangeSize(range)).to.equal(size);
    });
  }
});

describe('derivedPoint', () => {
  it('depends on the seed and stays in the range', () => {
    const range = { first: 100n, last: 199n };
    const points = Array.from({ length: 1000 }, (_, index) => derivedPoint(range, `host ${String(index)}`));

    expect(points.every((point) => range.first <= point && point <= range.last)).to.equal(true);
    expect(new Set(points).size).to.equal(100);
    expect(derivedPoint(range, 'host 7')).to.equal(points[7]);
  });

  it('is the start of an empty range', () => {
    expect(derivedPoint({ first: 5n, last: 4n }, 'seed')).to.equal(5n);
  });
});

describe('freeAddresses', () => {
  const range = { first: 10n, last: 14n };
  const used = new AddressSet();
  used.add(11n);

  for (const [start, expected] of [
    [10n, [10n, 12n, 13n, 14n]],
    [11n, [12n, 13n, 14n, 10n]],
    [14n, [14n, 10n, 12n, 13n]],
    [15n, [10n, 12n, 13n, 14n]],
  ] as const) {
    it(`gives each free address once, from ${String(start)} around`, () => {
      expect([...freeAddresses(used, range, start)]).to.deep.equal(expected);
    });
  }
});
