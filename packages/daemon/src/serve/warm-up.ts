import { askUnixServer } from '@routed/docker-engine/unix-http';
import type { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../ground/logger.ts';
import { startDaemon } from './daemon.ts';
import { parseServeOptions } from './serve-options.ts';

const CALLS = ['Plugin.Activate', 'NetworkDriver.GetCapabilities', 'IpamDriver.GetCapabilities'];
const DEADLINE_MS = 30_000;

/**
 * Does what every start does until its first answers, and loads the rest, in a folder of its own: whoever builds a package
 * keeps what V8 compiles meanwhile. Needs no rights, touches nothing of the host, and starts no daemon.
 *
 * @param program the command line, as every run makes it
 */
export async function warmUp(program: Command): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'routed-'));
  const words = [
    'serve',
    '--check',
    '--plugin-dir',
    folder,
    '--state-dir',
    folder,
    '--admin-socket',
    join(folder, 'a'),
  ];
  try {
    await program.parseAsync(words, { from: 'user' });
    const options = parseServeOptions(program.commands.find((command) => command.name() === 'serve')?.opts() ?? {});
    const logger = await createLogger({ level: 'error', format: 'json', isJournal: false });
    const enough = new Error('warm');
    const answered = async (): Promise<never> => {
      for (const call of CALLS) await ask(options.sockets.routed, call);
      await import('./runtime.ts');
      throw enough;
    };
    await startDaemon(options, new Map(), logger, answered).catch((error: unknown) => {
      if (error !== enough) throw error;
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ask(socketPath: string, call: string): Promise<void> {
  const { status } = await askUnixServer({ socketPath, method: 'POST', path: `/${call}`, timeoutMs: DEADLINE_MS });
  if (status !== 200) throw new Error(`${call}: status ${status}`);
}
