import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect } from 'chai';

const run = promisify(execFile);

const PROGRAM = new URL('../support/end-with-monitor.mjs', import.meta.url).pathname;
const LISTENER = new URL('../support/hear-links.mjs', import.meta.url).pathname;
const isThorough = process.env['ROUTED_ATTACK'] === 'all';
const ROUNDS = isThorough ? 6 : 1;
const OTHER_RELEASES = isThorough ? ['22', '24', '26'] : [];

/** How the program ends in a namespace of its own: its output, or what took it away. */
async function endOf(...command: readonly string[]): Promise<string> {
  const done = run('unshare', ['-n', ...command], { timeout: 30_000 });
  return done.then(
    ({ stdout }) => stdout.trim(),
    (error: unknown) => {
      const { signal, code, stderr } = error as { signal: string | null; code: number; stderr: string };
      return `${signal ?? `exit code ${code}`}: ${stderr.trim()}`;
    },
  );
}

describe('an open monitor', function () {
  this.timeout(isThorough ? 1_200_000 : 60_000);
  /** Commands that run a program: this Node, and with full counts other releases and other runtimes. */
  const runtimes: (readonly string[])[] = [[process.execPath]];
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'netns-node-'));
    for (const release of OTHER_RELEASES) {
      runtimes.push([join(await install(`node-linux-${process.arch}`, release), 'bin/node')]);
    }
    if (isThorough) {
      runtimes.push([join(await install(`@oven/bun-linux-${process.arch}`, 'latest'), 'bin/bun')]);
      runtimes.push([join(await install(`@deno/linux-${process.arch}-glibc`, 'latest'), 'deno'), 'run', '--allow-all']);
    }
  });

  /** Installs a package of its own in a folder of its own, and gives the place. */
  async function install(name: string, release: string): Promise<string> {
    const prefix = join(folder, `${name.replaceAll('/', '-')}-${release}`);
    await run('npm', ['install', '--prefix', prefix, '--ignore-scripts', '--silent', `${name}@${release}`]);
    return join(prefix, 'node_modules', name);
  }

  after(() => rmSync(folder, { recursive: true }));

  const ends = {
    exit: 'when its Worker calls process.exit',
    terminate: 'when its Worker is terminated',
    throw: 'when its Worker throws',
    natural: 'when its Worker has nothing left to do',
    'process.exit': 'when the process exits while its Worker runs',
    main: 'when the main program has nothing left to do',
  };
  for (const [end, when] of Object.entries(ends)) {
    for (const kind of ['rtnetlink', 'nfnetlink']) {
      it(`does not take the process along ${when}: ${kind}`, async () => {
        // A Worker that makes links come and go has always something left to do.
        for (const churn of end === 'natural' ? ['quiet'] : ['quiet', 'churn']) {
          for (const runtime of runtimes) {
            for (let round = 0; round < ROUNDS; round++) {
              expect(await endOf(...runtime, PROGRAM, end, kind, churn), runtime[0]).to.equal('ended');
            }
          }
        }
      });
    }
  }

  for (const thread of ['main', 'worker']) {
    it(`reports events in a program's thread: ${thread}`, async () => {
      for (const runtime of runtimes) expect(await endOf(...runtime, LISTENER, thread), runtime[0]).to.equal('new a0');
    });
  }
});
