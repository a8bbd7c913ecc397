import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { OperatedDaemon } from './support/operated-daemon.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

describe('a command whose reader stops reading', () => {
  let host: OperatedDaemon;

  before(async () => {
    host = await OperatedDaemon.start();
  });
  after(() => host.close());

  /** Runs it where nobody reads what it prints there, and tells what it prints elsewhere. */
  async function runUnread(line: string, unread: 'stdout' | 'stderr'): Promise<{ code: number; told: string }> {
    const child = spawn(process.execPath, ['--import=tsx', MAIN, ...line.split(' ')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ROUTED_ADMIN_SOCKET: host.adminSocket },
    });
    child[unread].destroy();
    const [told, [code]] = await Promise.all([
      text(unread === 'stdout' ? child.stderr : child.stdout),
      once(child, 'close') as Promise<[number]>,
    ]);
    return { code, told };
  }

  it('ends without a word, as in "routed-plugin events | head"', async function () {
    this.timeout(60_000);
    const lines = ['--help', 'status', 'events --json'];

    const ended = await Promise.all(lines.map((line) => runUnread(line, 'stdout')));

    expect(ended).to.deep.equal(lines.map(() => ({ code: 0, told: '' })));
  });

  it('ends as it would have when nobody reads its complaint', async function () {
    this.timeout(60_000);

    expect(await runUnread('stauts', 'stderr')).to.deep.equal({ code: 64, told: '' });
  });
});
