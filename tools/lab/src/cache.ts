import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runCommand } from './command.ts';

const buildTimeoutMs = 900_000;

/** Where images and engine root file systems are kept between labs. */
export function cacheDirectory(): string {
  return process.env['ROUTED_LAB_CACHE'] ?? '/var/cache/routed-lab';
}

/**
 * Runs a script of tools/lab/scripts that builds `path`, unless it exists. One build runs at a time on
 * the machine, and scripts rename the finished thing into place, so a half-built one is never used.
 */
export async function ensureBuilt(
  path: string,
  scriptArgv: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(cacheDirectory(), { recursive: true, mode: 0o755 });
  log(`building ${path}`);
  const startedAt = performance.now();
  const [script = '', ...args] = scriptArgv;
  // The build ends with this process, also while it waits: flock hands its place to the next program.
  const tie = 'setpriv --pdeathsig KILL --'.split(' ');
  const lock = [...tie, 'flock', '--no-fork', join(cacheDirectory(), 'lock')];
  // Mounts of a build that is killed vanish with its namespace; its processes too.
  const isolate = 'unshare --mount --pid --fork --kill-child --mount-proc --propagation private'.split(' ');
  await runCommand([...lock, ...isolate, '--', join(import.meta.dirname, '../scripts', script), ...args], {
    timeoutMs: buildTimeoutMs,
  });
  log(`built ${basename(path)} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}
