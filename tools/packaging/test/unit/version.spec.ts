import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const SCRIPT = join(import.meta.dirname, '../../version.sh');
const AT = '2026-11-28T23:16:55+01:00';

describe('the version of a package', function () {
  this.timeout(30_000);
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routed-version-'));
    writeFileSync(join(directory, 'package.json'), '{ "version": "0.1.0" }');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function git(...argv: readonly string[]): string {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', '-c', 'tag.gpgSign=false'];
    const env = { PATH: process.env['PATH'], HOME: directory, GIT_COMMITTER_DATE: AT, GIT_AUTHOR_DATE: AT };
    return execFileSync('git', ['-C', directory, ...who, ...argv], { env, encoding: 'utf8' }).trim();
  }

  function commit(): string {
    git('init', '--quiet');
    git('add', 'package.json');
    git('commit', '--quiet', '--message', 'x');
    return git('rev-parse', '--short=7', 'HEAD');
  }

  function version(): string {
    const env = { PATH: process.env['PATH'], HOME: directory, GIT_CEILING_DIRECTORIES: tmpdir() };
    return execFileSync(SCRIPT, [join(directory, 'package.json')], { env, encoding: 'utf8' });
  }

  it('is that of the release where the commit has its tag', () => {
    commit();
    git('tag', 'v0.1.0');

    expect(version()).to.equal('0.1.0\n');
  });

  it('names time and commit elsewhere, so that a later one is newer', () => {
    const id = commit();
    git('tag', 'v0.1.0-rc.1');

    expect(version()).to.equal(`0.1.0+git20261128221655.${id}\n`);
  });

  it('is that of the release without a history, as in an archive of the source', () => {
    expect(version()).to.equal('0.1.0\n');
  });
});
