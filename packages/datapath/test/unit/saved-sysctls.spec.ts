import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileSavedSysctls, SAVED_SYSCTLS_FILE } from '../../src/host/saved-sysctls.ts';

const changed = [{ key: 'net/ipv4/ip_forward', found: '0', set: '1' }];

describe('fileSavedSysctls', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sysctls-'));
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

  it('rejects a damaged file', async () => {
    await writeFile(join(directory, SAVED_SYSCTLS_FILE), '{"boot":"boot","chan');

    expect(
      await fileSavedSysctls(directory, 'boot')
        .load()
        .catch((error: unknown) => error),
    ).to.be.instanceOf(Error);
  });
});
