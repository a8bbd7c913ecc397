import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { REPOSITORY } from '../../markdown.ts';

interface Manifest {
  readonly name: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
}

/** Files of the repository with their modes, as git has them. */
const files = new Map(
  execFileSync('git', ['ls-files', '--stage', '--cached', '-z'], { cwd: REPOSITORY, encoding: 'utf8' })
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => [line.replace(/^.*\t/, ''), line.slice(0, 6)] as const),
);
const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');

/** What fetches and runs a program of this name from the public registry where it is not installed. */
const fetches =
  /\b(npx|npm (exec|x|i|install)|pnpm (dlx|add)|yarn (dlx|add))( -\S+)* (routed|routed-plugin|quagga-config)\b/;

describe('programs of a clone', () => {
  it('are never run in a way that may fetch them from the public registry', () => {
    const texts = [...files.keys()].filter((path) => /\.(md|ts|json|yml|sh|[1-8])$|^tools\/[\w-]+$/.test(path));
    const telling = texts.filter((path) => path !== 'tools/documentation/test/unit/launchers.spec.ts');

    expect(telling.length).to.be.greaterThan(100);
    expect(telling.filter((path) => fetches.test(read(path)))).to.deep.equal([]);
  });

  it('are known when they are told to be run so', () => {
    for (const line of ['npx routed-plugin', 'npx --yes quagga-config --help', 'npm install routed']) {
      expect(line).to.match(fetches);
    }
    for (const line of ['npm install @routed/daemon', 'npx mocha routed-plugin', 'tools/routed-plugin']) {
      expect(line).not.to.match(fetches);
    }
  });

  it('are files of the repository that may be executed: npm links to them before the first build', () => {
    const manifests = [...files.keys()].filter((path) => /^packages\/[^/]+\/package\.json$/.test(path));
    const programs = manifests.flatMap((path) => {
      const { bin = {}, files: published = [] } = JSON.parse(read(path)) as Manifest;
      return Object.entries(bin).map(([name, target]) => ({ name, published, path: join(path, '..', target) }));
    });

    expect(programs.map(({ name }) => name).sort()).to.deep.equal(['quagga-config', 'routed-plugin']);
    for (const { name, published, path } of programs) {
      expect(files.get(path), path).to.equal('100755');
      expect(published).to.include('bin');
      expect(files.get(`tools/${name}`), name).to.equal('100755');
      expect(read('README.md')).to.contain(`tools/${name}`);
    }
  });
});
