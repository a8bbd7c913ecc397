import { expect } from 'chai';
import sinon from 'sinon';
import { MUTATIONS } from '../simulation/mutations.ts';
import { describeFailure, explore, simulate } from '../simulation/simulate.ts';
import { leaveVirtualTime } from '../simulation/virtual-time.ts';

/** Of real time. tools/test takes a minute. */
const SECONDS = Number(process.env['ROUTED_SIMULATION_SECONDS'] ?? 10);

/** So many in a row show any of the faults. */
const SEEDS_TO_SHOW = 60;

describe('a simulated cluster', function () {
  this.timeout((SECONDS + 120) * 1_000);
  // One that ran into this limit would leave the tests after it in virtual time.
  afterEach(leaveVirtualTime);

  it('keeps what it promises, whatever happens', async () => {
    const { seeds, virtualSec, failed } = await explore({ from: 1, seconds: SECONDS });

    console.log(`      ${seeds} seeds, ${Math.round(virtualSec)} s of virtual time`);
    expect(failed === undefined ? '' : describeFailure(failed)).to.equal('');
  });

  it('lives the same life again with the same seed', async () => {
    const [first, second] = [await simulate(11), await simulate(11)];

    expect(second.story.text(Infinity)).to.equal(first.story.text(Infinity));
  });

  describe('shows it when', () => {
    const sandbox = sinon.createSandbox();
    afterEach(() => sandbox.restore());

    for (const { name, seed, finding, apply } of MUTATIONS) {
      it(name, async () => {
        apply(sandbox);
        const failures: string[] = [];

        // What a seed does changes with the order of requests: with any change of the driver.
        for (let next = seed; next < seed + SEEDS_TO_SHOW && !failures.some((one) => finding.test(one)); next++) {
          failures.push((await simulate(next)).failure ?? '');
        }

        expect(
          failures.filter((one) => finding.test(one)),
          failures.join('; '),
        ).to.have.lengthOf(1);
      });
    }
  });
});
