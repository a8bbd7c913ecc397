import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, Package, type Problem } from '@arethetypeswrong/core';
import { expect } from 'chai';
import { publint } from 'publint';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const FOLDERS = readdirSync(join(REPOSITORY, 'packages')).map((name) => join(REPOSITORY, 'packages', name));

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** What is published, without making a tarball of it: e2e/packaging does that. */
function packageOf(folder: string): Package {
  const { name, version } = manifestOf(folder);
  const built = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
  const paths = ['package.json', ...built.filter((path) => /\.(js|d\.ts)$/.test(path)).map((path) => `dist/${path}`)];
  const files = paths.map((path) => [`/node_modules/${name}/${path}`, readFileSync(join(folder, path), 'utf8')]);
  return new Package(Object.fromEntries(files) as Record<string, string>, name, version);
}

/**
 * The packages are ECMAScript modules, which Node can `require()` since 20.19 and TypeScript since 5.8 (`nodenext`, `node20`).
 * `node10` is what TypeScript did before it knew `exports`.
 */
function isIntended(problem: Problem): boolean {
  return problem.kind === 'CJSResolvesToESM' || ('resolutionKind' in problem && problem.resolutionKind === 'node10');
}

describe('the npm packages, as their users resolve them', function () {
  this.timeout(120_000);

  for (const folder of FOLDERS) {
    it(`have nothing that publint and attw object to: ${manifestOf(folder).name}`, async () => {
      const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
      const analysis = await checkPackage(packageOf(folder));

      expect(messages).to.deep.equal([]);
      if (analysis.types === false) throw new Error(`${folder} has no types`);
      expect(analysis.problems.filter((problem) => !isIntended(problem))).to.deep.equal([]);
    });
  }

  it('can be required from CommonJS, every entry of them', () => {
    const entries = FOLDERS.map(manifestOf)
      .filter(({ name }) => name !== '@routed/daemon')
      .flatMap(({ name, exports }) => Object.keys(exports).map((path) => name + path.slice(1)));
    const program = entries.map((entry) => `if (Object.keys(require('${entry}')).length === 0) throw '${entry}';`);

    execFileSync(process.execPath, ['--input-type=commonjs', '--eval', program.join('\n')], {
      cwd: REPOSITORY,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  });
});
