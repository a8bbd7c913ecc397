import { expect } from 'chai';
import fc from 'fast-check';

import { diff } from '../../src/diff.ts';

interface Item {
  readonly key: string;
  readonly value: number;
}

const items = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), value: fc.nat(2) }));
const keyOf = ({ key }: Item): string => key;
const isSame = (one: Item, other: Item): boolean => one.value === other.value;

describe('diff', () => {
  it('has the steps from what there is to what is desired', () => {
    fc.assert(
      fc.property(items, items, (desired, actual) => {
        const { missing, changed, surplus } = diff(desired, actual, keyOf, isSame);

        const first = actual.filter((item, place) => actual.findIndex(({ key }) => key === item.key) === place);
        const kept = first.filter((item) => !surplus.includes(item) && !changed.some((one) => one.actual === item));
        const reached = [...kept, ...missing, ...changed.map((one) => one.desired)];
        const wanted = new Map([...desired].reverse().map((item) => [item.key, item.value]));
        expect(new Map(reached.map((item) => [item.key, item.value]))).to.deep.equal(wanted);
        expect(reached).to.have.length(wanted.size);
      }),
    );
  });

  it('finds nothing to do where nothing is', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          items.map((list) => list[0] ?? { key: 'a', value: 0 }),
          { selector: keyOf },
        ),
        (list) => {
          expect(diff(list, [...list].reverse(), keyOf, isSame)).to.deep.equal({
            missing: [],
            changed: [],
            surplus: [],
          });
        },
      ),
    );
  });
});
