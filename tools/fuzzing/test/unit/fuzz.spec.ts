import { expect } from 'chai';
import fc from 'fast-check';
import { ALL_TARGETS } from '../../all-targets.ts';
import { fuzz } from '../../run.ts';
import { statelessTarget, type FuzzTarget } from '../../target.ts';
import { expectTyped } from '../../typed-errors.ts';
import { Watchdog } from '../../watchdog.ts';

/** About a second for each on a quiet machine. */
const INPUTS_PER_WEIGHT = 60;

describe('tools/fuzz', () => {
  let watchdog: Watchdog;
  before(() => {
    watchdog = new Watchdog();
  });
  after(() => watchdog.close());

  const planted = (feed: (input: number) => void | Promise<void>): FuzzTarget =>
    statelessTarget({ name: 'planted', about: '', weight: 1, input: fc.nat(1000), feed });

  for (const target of ALL_TARGETS) {
    it(`finds nothing in a short run through ${target.name}`, async () => {
      const budget = { inputs: INPUTS_PER_WEIGHT * target.weight };

      const { inputs, crashes } = await fuzz(target, { seed: 20_261_126, budget, watchdog });

      expect(crashes).to.deep.equal([]);
      expect(inputs).to.be.at.least(budget.inputs);
    });
  }

  it('finds an error that is none of ours, and reduces the input', async () => {
    const target = planted((input) => {
      expectTyped(() => {
        if (input > 100) throw new TypeError(`cannot read ${input}`);
      });
    });

    const { crashes } = await fuzz(target, { seed: 1, budget: { inputs: 200 }, watchdog });

    expect(crashes[0]).to.include({ target: 'planted', input: '101' });
    expect(crashes[0]?.error).to.contain('TypeError: cannot read 101');
  });

  it('finds an input that takes longer than it may', async () => {
    const target = planted(async (input) => {
      if (input > 990) await new Promise((resolve) => setTimeout(resolve, 60));
    });
    const found = { seed: 1, budget: { inputs: 250 }, watchdog, hangMs: 50 };

    const { crashes } = await fuzz({ ...target, input: fc.constantFrom<unknown>(1, 999) }, found);

    expect(crashes[0]?.error).to.match(/took \d+ ms/);
  });

  it('does the same with the same seed', async () => {
    const seen: number[][] = [];
    for (let run = 0; run < 2; run++) {
      const inputs: number[] = [];
      await fuzz(
        planted((input) => void inputs.push(input)),
        { seed: 5, budget: { inputs: 600 }, watchdog },
      );
      seen.push(inputs);
    }

    expect(seen[0]).to.have.lengthOf(600);
    expect(seen[0]).to.deep.equal(seen[1]);
  });
});
