import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { fuzz, target, type FuzzTarget } from '../../fuzz.ts';
import { ALL_TARGETS } from '../../targets/all-targets.ts';
import { expectTyped } from '../../typed-errors.ts';

/** About a second for each on a quiet machine. */
const INPUTS_PER_WEIGHT = 60;

describe('tools/fuzz', () => {
  const planted = (feed: (input: number) => void | Promise<void>): FuzzTarget =>
    target({ name: 'planted', weight: 1, input: fc.nat(1000), feed });

  for (const each of ALL_TARGETS) {
    it(`finds nothing in a short run through ${each.name}`, async () => {
      const count = INPUTS_PER_WEIGHT * each.weight;

      const details = await fuzz(each, { seed: 20_261_126, numRuns: count });

      expect(fc.defaultReportMessage(details)).to.equal(undefined);
      expect(details.numRuns).to.equal(count);
    });
  }

  it('finds an error that is none of ours, and reduces the input', async () => {
    const broken = planted((input) => {
      expectTyped(() => {
        if (input > 100) throw new TypeError(`cannot read ${input}`);
      });
    });

    const { counterexample, errorInstance } = await fuzz(broken, { seed: 1, numRuns: 200 });

    expect(counterexample).to.deep.equal([101]);
    expect(errorInstance).to.be.instanceOf(TypeError);
  });

  it('finds an input that takes longer than it may', async () => {
    const slow = planted(async (input) => {
      if (input > 990) await new Promise((resolve) => setTimeout(resolve, 60));
    });
    const details = await fuzz({ ...slow, input: fc.constantFrom(1, 999) }, { seed: 1 }, 50);

    expect(String(details.errorInstance)).to.match(/took \d+ ms/);
  });

  it('ends the process at a loop without end', () => {
    const fuzzUrl = new URL('../../fuzz.ts', import.meta.url).href;
    const script = `const { Watchdog } = await import('${fuzzUrl}'); new Watchdog('planted', 100); for (;;);`;

    const { signal, stderr } = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '--eval', script], {
      encoding: 'utf8',
      timeout: 60_000,
    });

    expect(stderr).to.equal('fuzz: an input of planted does not end\n');
    expect(signal).to.equal('SIGKILL');
  });

  it('does the same with the same seed', async () => {
    const seen: number[][] = [];
    for (let run = 0; run < 2; run++) {
      const inputs: number[] = [];
      await fuzz(
        planted((input) => void inputs.push(input)),
        { seed: 5, numRuns: 600 },
      );
      seen.push(inputs);
    }

    expect(seen[0]).to.have.lengthOf(600);
    expect(seen[0]).to.deep.equal(seen[1]);
  });
});
