import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const DIRECTORY = join(import.meta.dirname, '../../../../.github/workflows');

const LOCK = readFileSync(join(DIRECTORY, '../../package-lock.json'), 'utf8');

describe('the workflows', () => {
  for (const file of readdirSync(DIRECTORY)) {
    const text = readFileSync(join(DIRECTORY, file), 'utf8');

    it(`run other people's actions by digest, not by a tag that may move: ${file}`, () => {
      const used = [...text.matchAll(/uses: (.*)/g)].map(([, action = '']) => action);

      expect(used).to.not.be.empty;
      for (const action of used) expect(action).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it(`name one architecture after the other, for which there are native modules: ${file}`, () => {
      const architectures = [...text.matchAll(/architecture: (amd64|arm64), machine: ubuntu-24\.04(-arm)?\b/g)];

      for (const [, architecture, arm] of architectures) {
        expect(arm !== undefined, architecture).to.equal(architecture === 'arm64');
        expect(LOCK).to.contain(`"node_modules/@koromix/koffi-linux-${architecture === 'arm64' ? 'arm64' : 'x64'}"`);
      }
      expect(architectures.length).to.equal(file === 'release.yml' ? 4 : 0);
    });

    it(`may read, and no more unless a job says so: ${file}`, () => {
      const [, permissions] = /^permissions:\n((?: .*\n)+)/m.exec(text) ?? [];

      expect(permissions).to.equal('  contents: read\n');
    });
  }
});
