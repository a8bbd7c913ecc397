import { expect } from 'chai';
import { openSandbox } from '../../src/check/sandbox.ts';
import { render } from '../../src/render/render.ts';
import { type ConfigTree, mergeTrees, parseConfig } from '../../src/text/parse.ts';
import { openDaemons, readRunning } from '../../src/vty/running.ts';
import { goldenModel, goldenNames } from '../support/golden.ts';
import { requireFrr } from '../support/router.ts';

/** Contexts with their lines in a fixed order: the daemons group and sort lines as they like. */
function sections(tree: ConfigTree): Record<string, string[]> {
  return Object.fromEntries([...tree].sort().map(([key, { lines }]) => [key, [...lines].sort()]));
}

describe('golden files on real FRR daemons', function () {
  this.timeout(20_000);
  before(requireFrr);

  for (const name of goldenNames()) {
    it(`${name} loads without a warning and comes back unchanged`, async () => {
      const config = render(goldenModel(name, 'frr'), 'frr');
      const text = config.files.find((file) => file.name === 'frr.conf')!.text;
      await using sandbox = await openSandbox({ daemons: config.daemons });

      const loaded = await sandbox.load(text);

      expect(loaded.messages).to.deep.equal([]);
      expect(loaded.refused).to.equal(false);
      await using daemons = await openDaemons(sandbox.vtyDir);
      const running = await readRunning(daemons);
      expect(sections(mergeTrees(running.values()))).to.deep.equal(sections(parseConfig(text)));
    });
  }
});
