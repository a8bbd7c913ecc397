import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DAEMONS, type DaemonName } from '../render/config.ts';
import { type ConfigTree, parseConfig } from '../text/parse.ts';
import { type VtyConnection, openVty } from './connection.ts';

/** What each running daemon says its configuration is. */
export type RunningConfig = ReadonlyMap<DaemonName, ConfigTree>;

/** Open command lines of the daemons that run. */
export type DaemonLines = ReadonlyMap<DaemonName, VtyConnection>;

/** Connects to those of the daemons whose sockets are in `vtyDir`. */
export async function openDaemons(vtyDir: string): Promise<DaemonLines & AsyncDisposable> {
  const lines = new Map<DaemonName, VtyConnection>();
  for (const daemon of DAEMONS) {
    const path = join(vtyDir, `${daemon}.vty`);
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) lines.set(daemon, await openVty(path));
  }
  return Object.assign(lines, {
    [Symbol.asyncDispose]: async () => {
      for (const line of lines.values()) await line[Symbol.asyncDispose]();
    },
  });
}

/** Reads `show running-config` of every connected daemon. */
export async function readRunning(daemons: DaemonLines): Promise<RunningConfig> {
  const running = new Map<DaemonName, ConfigTree>();
  for (const [daemon, line] of daemons) {
    const { text } = await line.command('show running-config');
    running.set(daemon, parseConfig(text));
  }
  return running;
}
