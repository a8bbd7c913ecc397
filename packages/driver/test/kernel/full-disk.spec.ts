import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { openStateDirectory, type StateDirectory } from '../../src/state/state-directory.ts';

const run = promisify(execFile);

/** A disk of its own, which the state directory is on. */
const SIZE_MIB = 24;

const network = (id: string) =>
  ({ id, pools: [], prefixes: [], spoof: 'allow', ingress: '192.0.2.1 '.repeat(400).trim() }) as const;

describe('a state directory on a disk that is full for a while', () => {
  let disk: string;
  let state: StateDirectory;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'routed-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'routed-test', disk]);
    state = await openStateDirectory(join(disk, 'state'), 'boot');
  });
  afterEach(async () => {
    await state.close();
    await run('umount', [disk]);
    await rm(disk, { recursive: true });
  });

  /** To the last byte; `name` says which part. */
  async function fill(name: string): Promise<void> {
    for (let bytes = 1 << 20; bytes >= 1; bytes >>= 1) {
      for (let count = 0; ; count++) {
        const file = join(disk, `${name}-${bytes}-${count}`);
        try {
          await writeFile(file, Buffer.alloc(bytes));
        } catch {
          await rm(file, { force: true });
          break;
        }
      }
    }
  }

  async function empty(): Promise<void> {
    const files = (await readdir(disk)).filter((name) => name !== 'state');
    await Promise.all(files.map((name) => rm(join(disk, name))));
  }

  const put = (id: string): Promise<string> =>
    state.networks.put(network(id)).then(
      () => 'written',
      (error: unknown) => (error as Error).message,
    );
  const idsAfterRestart = async (): Promise<string[]> => {
    await state.close();
    state = await openStateDirectory(join(disk, 'state'), 'boot');
    return (await state.networks.load()).map(({ id }) => id);
  };

  it('refuses what it cannot keep, with what to do, and keeps all else', async () => {
    expect(await put('before')).to.equal('written');
    await fill('a');
    const outcomes: string[] = [];
    // Some still fit into the last page of the journal.
    for (let count = 0; count < 5; count++) outcomes.push(await put(`full-${count}`));
    expect(outcomes.at(-1)).to.match(
      /^state directory .* cannot be written \(.*No space left on device.*\): free space/,
    );
    const kept = outcomes.flatMap((outcome, count) => (outcome === 'written' ? [`full-${count}`] : []));

    await empty();
    expect(await put('later')).to.equal('written');

    expect(await idsAfterRestart()).to.have.members(['before', ...kept, 'later']);
  });

  it('says so again as long as the disk stays full', async () => {
    await fill('a');
    for (let count = 0; count < 5; count++) await put(`full-${count}`);

    expect(await put('again')).to.contain('free space there, and repeat the command');
  });
});
