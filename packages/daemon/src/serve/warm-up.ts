import { askUnixServer } from '@routed/docker-engine/unix-http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram } from '../cli/program.ts';
import { createLogger } from '../ground/logger.ts';
import { VERSION } from '../version.ts';
import { startDaemon } from './daemon.ts';
import { parseServeOptions } from './serve-options.ts';

const CALLS = ['Plugin.Activate', 'NetworkDriver.GetCapabilities', 'IpamDriver.GetCapabilities'];
const DEADLINE_MS = 30_000;

/**
 * Does what every start does until its first answers, and loads the rest, in a folder of its own: whoever builds a package
 * keeps what V8 compiles meanwhile. Needs no rights, touches nothing of the host, and starts no daemon.
 */
export async function warmUp(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'routed-'));
  const words = ['serve', '--check', '--plugin-dir', folder, '--state-dir', folder, '--admin-socket', join(folder, 'a')];
  try {
    const program = createProgram(VERSION);
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
