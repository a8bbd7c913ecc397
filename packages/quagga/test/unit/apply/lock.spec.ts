import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { withLock } from '../../../src/apply/lock.ts';

describe('withLock', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'quagga-lock-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('lets one at a time work on a router, and others on other routers', async () => {
    const other = await mkdtemp(join(tmpdir(), 'quagga-lock-'));
    const answers = await withLock(dir, async () => [
      String(await withLock(dir, () => Promise.resolve('both')).catch((error: unknown) => error)),
      await withLock(other, () => Promise.resolve('other')),
    ]);
    await rm(other, { recursive: true });

    expect(answers[0]).to.include('nothing was changed').and.to.include('another apply is running');
    expect(answers[1]).to.equal('other');
  });

  it('is on a file that no other user can open, whoever made it', async () => {
    const path = join(dir, '.quagga-config.lock');
    await writeFile(path, '', { mode: 0o666 });
    const mode = await withLock(dir, async () => (await stat(path)).mode & 0o777);
    await rm(path);
    await symlink('/dev/null', path);
    const error: unknown = await withLock(dir, () => Promise.resolve()).catch((reason: unknown) => reason);

    expect(mode).to.equal(0o600);
    expect(String(error)).to.include('nothing was changed').and.to.include('cannot be locked: ELOOP');
  });

  it('is free again after the work, also when it failed', async () => {
    await withLock(dir, () => Promise.reject(new Error('failed'))).catch(() => undefined);

    expect(await withLock(dir, () => Promise.resolve('again'))).to.equal('again');
  });

  it('is free again after a process that held it was killed', async () => {
    const script = `import { withLock } from '${join(import.meta.dirname, '../../../src/apply/lock.ts')}';
await withLock('${dir}', () => { console.log('held'); return new Promise((resolve) => setTimeout(resolve, 60_000)); });`;
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const meanwhile = await withLock(dir, () => Promise.resolve('both')).catch(() => 'refused');
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;

    expect([meanwhile, await withLock(dir, () => Promise.resolve('again'))]).to.deep.equal(['refused', 'again']);
  });
});
