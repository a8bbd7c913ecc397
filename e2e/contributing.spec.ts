import { expect } from 'chai';
import { CLONE_PAGES, CloneShell } from './documentation/clone-shell.ts';
import { FreshClone } from './documentation/fresh-clone.ts';
import { linesToRun } from './documentation/lines.ts';
import { typeLine } from './documentation/reader.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';

/** They commit and push. */
const RELEASE = /^(npx lerna version|git) /;
/** On a machine that is busy with other things. */
const installMs = 600_000;

if (ENGINES_IN_FULL.length > 0) {
  describe('a contributor types the commands of a page, one after the other', () => {
    let shell: CloneShell;
    let clone: FreshClone;
    let fresh: CloneShell;

    before(async () => {
      shell = await CloneShell.open();
      clone = await FreshClone.make();
      fresh = shell.in(clone.folder);
    });
    after(async () => {
      await clone.remove();
      expect(await shell.close(), 'labs that the pages leave').to.deep.equal([]);
    });

    for (const line of [
      'npm ci --ignore-scripts --prefer-offline --no-audit --no-fund',
      'npx tsc --build packages/ipam',
      "npx mocha --import=tsx 'packages/ipam/test/unit/**/*.spec.ts'",
    ]) {
      it(`in a fresh clone: ${line}`, async () => {
        const { exitCode, stdout, stderr } = await fresh.run(line, { timeoutMs: installMs });

        expect(exitCode, `${stderr}${stdout}`.slice(-3_000)).to.equal(0);
      }).timeout(installMs);
    }

    for (const page of CLONE_PAGES) {
      describe(page, () => {
        for (const line of linesToRun(page)) {
          it(`${line.line}: ${line.text}`, async () => {
            await typeLine(RELEASE.test(line.text) ? fresh : shell, line);
          });
        }
      });
    }
  });
}
