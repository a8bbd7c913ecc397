import { expect } from 'chai';
import fc from 'fast-check';
import { GracePeriod } from '../../src/ground/grace-period.ts';

const keys = ['a', 'b', 'c'];
const key = fc.constantFrom(...keys);
/** Each step, and how long after the one before it comes. */
const steps = fc.array(
  fc.record({
    afterMs: fc.nat(100),
    action: fc.oneof(
      fc.record({ name: fc.constantFrom('note' as const, 'restart' as const, 'forget' as const), key }),
      fc.record({ name: fc.constant('retain' as const), keys: fc.uniqueArray(key) }),
    ),
  }),
);

describe('GracePeriod', () => {
  it('is over once a key has been in the condition without a break for so long', () => {
    fc.assert(
      fc.property(steps, fc.nat(300), (taken, graceMs) => {
        let nowMs = 0;
        const period = new GracePeriod(() => nowMs);
        const since = new Map<string, number>();

        for (const { afterMs, action } of taken) {
          nowMs += afterMs;
          if (action.name === 'retain') period.retain(new Set(action.keys));
          else period[action.name](action.key);
          for (const each of keys) {
            const isIn = action.name === 'retain' ? action.keys.includes(each) : action.key === each;
            if (action.name === 'forget' ? isIn : action.name === 'retain' && !isIn) since.delete(each);
            else if (isIn && (action.name === 'restart' || !since.has(each))) since.set(each, nowMs);
          }
        }

        const over = keys.filter((each) => nowMs - (since.get(each) ?? Number.POSITIVE_INFINITY) >= graceMs);
        expect(period.over(graceMs)).to.have.members(over);
        expect(keys.filter((each) => period.isOver(each, graceMs))).to.deep.equal(over);
        expect(keys.filter((each) => period.has(each))).to.have.members([...since.keys()]);
      }),
    );
  });

  it('goes by the clock of the process where it is given none', () => {
    const period = new GracePeriod();
    period.note('a');

    expect(period.isOver('a', 0)).to.equal(true);
    expect(period.isOver('a', 60_000)).to.equal(false);
  });
});
