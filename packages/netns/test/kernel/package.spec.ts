import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

const REPOSITORY = new URL('../../../..', import.meta.url).pathname;
/** The package and those of the repository that it needs. */
const PACKAGES = ['addresses', 'text', 'netns'];

const PROGRAM = `
import { openRtnl } from '@routed/netns';

const rtnl = await openRtnl();
const { index, peerIndex } = await rtnl.links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
console.log(index !== peerIndex, (await rtnl.links.get({ index })).kind);
await rtnl.close();
`;

describe('the packed package', function () {
  this.timeout(120_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'netns-package-'));
  });

  after(() => rmSync(folder, { recursive: true }));

  it('installs without scripts in an empty folder and creates a veth', () => {
    const run = (command: string, args: string[], cwd: string): string =>
      execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    run('npx', ['tsc', '--build', 'packages/netns'], REPOSITORY);
    const tarballs = PACKAGES.map((name) =>
      run('npm', ['pack', '--silent', '--pack-destination', folder], join(REPOSITORY, 'packages', name)).trim(),
    );
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    writeFileSync(join(folder, 'program.mjs'), PROGRAM);

    run(
      'npm',
      ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs.map((file) => `./${file}`)],
      folder,
    );
    const output = run('unshare', ['-n', process.execPath, 'program.mjs'], folder);

    expect(output).to.equal('true veth\n');
  });
});
