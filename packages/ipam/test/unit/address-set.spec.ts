import { expect } from 'chai';
import fc from 'fast-check';
import { AddressSet } from '../../src/address-set.ts';

describe('AddressSet', () => {
  const base = 2n ** 127n;
  const step = fc.record({ offset: fc.bigInt(0n, 40n), isAdd: fc.boolean() });

  it('agrees with a plain set after any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const set = new AddressSet();
        const model = new Set<bigint>();
        for (const { offset, isAdd } of steps) {
          const address = base + offset;
          if (isAdd === model.has(address)) continue;
          if (isAdd) set.add(address);
          else set.delete(address);
          if (isAdd) model.add(address);
          else model.delete(address);
        }

        for (let address = base - 1n; address <= base + 41n; address++) {
          let free = address;
          while (model.has(free)) free++;
          expect(set.has(address)).to.equal(model.has(address));
          expect(set.nextFree(address)).to.equal(free);
        }
      }),
    );
  });

  it('ignores the removal of an address it does not have', () => {
    const set = new AddressSet();
    set.add(5n);

    set.delete(4n);
    set.delete(6n);

    expect([4n, 5n, 6n].map((address) => set.has(address))).to.deep.equal([false, true, false]);
  });
});
