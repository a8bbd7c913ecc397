import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** What a step of a workflow runs. */
function scriptOf(workflow: string, step: string): string {
  const text = readFileSync(join(DIRECTORY, workflow), 'utf8');
  const [, line, block] = new RegExp(`- name: ${step}\\n +run: (?:\\|\\n((?: {10}.*\\n)+)|(.*)\\n)`).exec(text) ?? [];
  const script = block ?? line;
  if (script === undefined) throw new Error(`${workflow} has no step "${step}" that runs something`);
  return script;
}

describe('the release', function () {
  this.timeout(30_000);
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routed-release-'));
    writeFileSync(join(directory, 'lerna.json'), '{ "version": "1.2.3" }');
    writeFileSync(join(directory, 'CHANGELOG.md'), '# Changes\n\n## 1.2.3\n');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function run(step: string, tag = 'v1.2.3'): { readonly status: number | null; readonly stdout: string } {
    // As GitHub runs it. Source: docs.github.com, workflow syntax, jobs.<job_id>.steps[*].shell.
    const env = { PATH: process.env['PATH'], HOME: directory, GITHUB_REF_NAME: tag };
    const argv = ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', scriptOf('release.yml', step)];
    return spawnSync('bash', argv, { cwd: directory, env, encoding: 'utf8' });
  }

  it('takes the tag of its version, which the changes have a section for', () => {
    expect(run('The tag is that of the packages')).to.include({ status: 0, stdout: '' });
  });

  it('refuses another tag, and a version without a section', () => {
    expect(run('The tag is that of the packages', 'v1.2.4')).to.include({
      status: 1,
      stdout: 'tag v1.2.4, but lerna.json says 1.2.3\n',
    });
    writeFileSync(join(directory, 'CHANGELOG.md'), '# Changes\n\n## Unreleased\n');
    expect(run('The tag is that of the packages')).to.include({
      status: 1,
      stdout: 'CHANGELOG.md has no section ## 1.2.3\n',
    });
  });

  it('has checksums of all files, which sha256sum checks', () => {
    spawnSync('mkdir', ['release'], { cwd: directory });
    for (const name of ['-a.deb', 'b c.tar.gz']) writeFileSync(join(directory, 'release', name), name);

    expect(run('Checksums').status).to.equal(0);

    const check = spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: join(directory, 'release'),
      encoding: 'utf8',
    });
    expect(check.stdout).to.equal('-a.deb: OK\nb c.tar.gz: OK\n');
  });
});
