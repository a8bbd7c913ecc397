import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileSavedSysctls, LEDGER_FILE } from '../../src/host/saved-sysctls.ts';

const changed = [{ key: 'net/ipv4/ip_forward', found: '0', set: '1' }];

describe('fileLedger', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('remembers across processes, until there is nothing to remember', async () => {
    await fileSavedSysctls(directory, 'boot').save(changed);
    expect(await fileSavedSysctls(directory, 'boot').load()).to.deep.equal(changed);

    await fileSavedSysctls(directory, 'boot').save([]);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('forgets with a reboot', async () => {
    await fileSavedSysctls(directory, 'boot').save(changed);

    expect(await fileSavedSysctls(directory, 'next boot').load()).to.deep.equal([]);
  });

  it('takes a damaged file for none', async () => {
    await writeFile(join(directory, LEDGER_FILE), '{"boot":"boot","chan');

    expect(await fileSavedSysctls(directory, 'boot').load()).to.deep.equal([]);
  });
});
