import { chmod, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@routed/lab';
import { expect } from 'chai';
import { REPOSITORY } from '../tools/documentation/markdown.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';

const programs = [
  { name: 'routed-plugin', folder: 'daemon' },
  { name: 'quagga-config', folder: 'quagga' },
] as const;

if (ENGINES_IN_FULL.length > 0) {
  describe('a fresh clone', () => {
    let directory: string;
    let clone: string;

    before(async () => {
      directory = await mkdtemp('/tmp/routed-launchers-');
      clone = join(directory, 'clone');
      const { stdout } = await runCommand(['git', '-C', REPOSITORY, 'ls-files', '-z', '--', 'tools', 'packages']);
      // Folders are copied with what git has, which is neither a build nor an installation.
      for (const path of stdout
        .split('\0')
        .filter((each) => /^tools\/[\w-]+$|^packages\/\w+\/(bin|package)/.test(each))) {
        await cp(join(REPOSITORY, path), join(clone, path));
      }
    });
    after(() => rm(directory, { recursive: true }));

    for (const { name } of programs) {
      it(`says how to build it, when ${name} is run before`, async () => {
        const { exitCode, stderr } = await runCommand([join(clone, 'tools', name)], { check: false });

        expect(stderr).to.equal(`${name}: not built; run "npm ci --ignore-scripts && npm run build" in ${clone}\n`);
        expect(exitCode).to.equal(1);
      });
    }

    it('runs both programs when it is built, from wherever there is a link to them, without npm', async () => {
      const path = join(directory, 'path');
      await mkdir(path);
      await symlink(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
      for (const { name, folder } of programs) {
        const dist = join('packages', folder, 'dist');
        await cp(join(REPOSITORY, dist), join(clone, dist), { recursive: true });
        // As a build leaves it.
        await chmod(join(clone, dist, 'main.js'), 0o644);
        await symlink(join(clone, 'tools', name), join(path, name));
      }

      for (const { name, folder } of programs) {
        for (const program of [join(path, name), join(clone, 'packages', folder, 'bin', `${name}.js`)]) {
          const { stdout } = await runCommand([program, '--help']);
          expect(stdout).to.contain(`Usage: ${name}`);
        }
      }
    });
  });
}
