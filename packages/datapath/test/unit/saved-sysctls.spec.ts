import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileLedger, LEDGER_FILE } from '../../src/host/saved-sysctls.ts';

const changed = [{ key: 'net/ipv4/ip_forward', found: '0', set: '1' }];

describe('fileLedger', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('remembers across processes, until there is nothing to remember', async () => {
    await fileLedger(directory, 'boot').save(changed);
    expect(await fileLedger(directory, 'boot').load()).to.deep.equal(changed);

    await fileLedger(directory, 'boot').save([]);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('forgets with a reboot', async () => {
    await fileLedger(directory, 'boot').save(changed);

    expect(await fileLedger(directory, 'next boot').load()).to.deep.equal([]);
  });

  it('takes a damaged file for none', async () => {
    await writeFile(join(directory, LEDGER_FILE), '{"boot":"boot","chan');

    expect(await fileLedger(directory, 'boot').load()).to.deep.equal([]);
  });
});
