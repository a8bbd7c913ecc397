import { join } from 'node:path';
import { VTY_DAEMONS, type VtyDaemon } from '../render/config.ts';
import { type ConfigTree, parseConfig } from '../text/parse.ts';
import { type VtyConnection, type VtyOptions, openVty } from './connection.ts';

/** What each running daemon says its configuration is. */
export type RunningConfig = ReadonlyMap<VtyDaemon, ConfigTree>;

/** Open command lines of the daemons that run. */
export type DaemonLines = ReadonlyMap<VtyDaemon, VtyConnection>;

/** Connects to those of the daemons (`only`, default all) that run, by their sockets in `vtyDir`. */
export async function openDaemons(
  vtyDir: string,
  options: VtyOptions = {},
  only: readonly VtyDaemon[] = VTY_DAEMONS,
): Promise<DaemonLines & AsyncDisposable> {
  const lines = new Map<VtyDaemon, VtyConnection>();
  const close = async (): Promise<void> => {
    for (const line of lines.values()) await line[Symbol.asyncDispose]();
  };
  try {
    for (const daemon of only) {
      const line = await openVty(join(vtyDir, `${daemon}.vty`), options).catch(notRunning);
      if (line !== undefined) lines.set(daemon, line);
    }
  } catch (error) {
    // An open line would keep the process alive.
    await close();
    throw error;
  }
  return Object.assign(lines, { [Symbol.asyncDispose]: close });
}

/** A daemon that was killed leaves its socket behind, which refuses. */
function notRunning(error: unknown): undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
  throw error;
}

/** Reads `show running-config` of every connected daemon. */
export async function readRunning(daemons: DaemonLines): Promise<RunningConfig> {
  const running = new Map<VtyDaemon, ConfigTree>();
  for (const [daemon, line] of daemons) {
    const { text } = await line.command('show running-config');
    running.set(daemon, parseConfig(text));
  }
  return running;
}
