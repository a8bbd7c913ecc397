import { expect } from 'chai';
import fc from 'fast-check';

import { HeldRows, type Step, contentOf } from '../../../src/follow/held-rows.ts';

interface Row {
  readonly key: string;
  readonly hop: number;
  readonly validSec: number;
}

const rows = fc.uniqueArray(fc.record({ key: fc.constantFrom('a', 'b', 'c'), hop: fc.nat(3), validSec: fc.nat(9) }), {
  selector: (row) => contentOf(row),
});

/** What a listener knows after the steps. */
function fold(known: readonly Row[], steps: Iterable<Step<Row>>): Set<Row> {
  const held = new Set(known);
  for (const step of steps) {
    const gone = step.event === 'changed' ? step.previous : step.event === 'deleted' ? step.row : undefined;
    if (gone !== undefined && !held.delete(gone)) throw new Error('not the object that was reported');
    if (step.event !== 'deleted') held.add(step.row);
  }
  return held;
}

const contents = (list: Iterable<Row>): string[] => [...list].map((row) => contentOf(row)).sort();

describe('HeldRows', () => {
  it('steps from any rows to any others, by the objects that it reported', () => {
    fc.assert(
      fc.property(rows, rows, rows, (first, second, third) => {
        const held = new HeldRows<Row>(({ key }) => key);
        held.reset(first);

        const after = fold(first, held.update(second));
        const last = fold([...after], held.update(third));

        expect(contents(after)).to.deep.equal(contents(second));
        expect(contents(last)).to.deep.equal(contents(third));
      }),
    );
  });

  it('takes a lifetime that alone is new for no change', () => {
    const held = new HeldRows<Row>(({ key }) => key);
    const row = { key: 'a', hop: 1, validSec: 9 };
    held.reset([row]);

    expect([...held.update([{ ...row, validSec: 8 }])]).to.deep.equal([]);
    expect(held.change(row, { ...row, validSec: 7 })).to.deep.equal([]);
  });
});
