import { expect } from 'chai';
import { converge } from '../../src/apply/execute.ts';
import { openSandbox } from '../../src/check/sandbox.ts';
import { DAEMONS } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';
import type { RunningConfig } from '../../src/vty/running.ts';
import { openDaemons } from '../../src/vty/running.ts';
import { tryOnFrr } from '../../src/check/check.ts';
import { goldenModel, goldenNames } from '../support/golden.ts';
import { hasKeyChains, needsKeyChains } from '../support/release.ts';
import { requireFrr } from '../support/router.ts';

/** Models of one profile: FRR reads the profile at start only. */
function namesOf(profile: string): string[] {
  return goldenNames()
    .filter((name) => (goldenModel(name, 'frr').profile ?? 'traditional') === profile)
    .filter((name) => !needsKeyChains(name) || hasKeyChains());
}

describe('changing a running FRR from one golden model to the next', function () {
  this.timeout(180_000);
  before(requireFrr);

  it('reaches every model from another, in both orders, without a line refused', async () => {
    const names = namesOf('traditional').filter((_, index) => index % 2 === 0);
    const desired = new Map<string, RunningConfig>();
    for (const name of names) desired.set(name, await tryOnFrr(render(goldenModel(name, 'frr'), 'frr'), DAEMONS));
    await using sandbox = await openSandbox({ daemons: DAEMONS });
    await using daemons = await openDaemons(sandbox.vtyDir);

    for (const name of [...names, ...names.toReversed()]) {
      const { left, refused } = await converge(daemons, desired.get(name)!);

      expect({ name, left, refused }).to.deep.equal({ name, left: [], refused: [] });
    }
  });
});
