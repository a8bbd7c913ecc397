import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { exitOf } from './command.ts';
import { LabError } from './errors.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';

const keeperScript = join(import.meta.dirname, '../scripts/keeper.sh');

export interface KeeperOptions {
  /** Arguments of keeper.sh. */
  readonly args: readonly string[];
  /** The namespaces vanish with this process, even when it is killed. */
  readonly isTiedToOwner: boolean;
}

/**
 * Makes fresh network, mount, uts and pid namespaces and returns the process which keeps them: their
 * pid 1, so that killing it ends every process in them and frees every mount and interface.
 * @throws {@link LabError} `start-failed` with what keeper.sh wrote to stderr
 */
export async function startKeeper(options: KeeperOptions): Promise<ProcessIdentity> {
  const unshare = 'unshare --net --mount --uts --pid --fork --kill-child --propagation private'.split(' ');
  const tie = options.isTiedToOwner ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
  const [program = '', ...rest] = [...tie, ...unshare, '--', keeperScript, ...options.args];
  const child = spawn(program, rest, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = exitOf(child);
  const stderr = text(child.stderr).catch(() => '');

  const keeperPid = await Promise.race([readyPid(child.stdout), exited.then(() => null)]);
  const identity = keeperPid === null ? null : identify(keeperPid);
  if (identity === null) throw new LabError('start-failed', `keeper.sh ${options.args.join(' ')}: ${await stderr}`);
  // unshare keeps its ends of the pipes open for as long as the host lives.
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  return identity;
}

async function readyPid(stdout: NodeJS.ReadableStream): Promise<number | null> {
  for await (const line of createInterface({ input: stdout })) {
    const pid = /^ready (\d+)$/.exec(line)?.[1];
    if (pid !== undefined) return Number(pid);
  }
  return null;
}

/** The command which runs `argv` in the namespaces of a keeper. */
export function enterCommand(keeperPid: number, argv: readonly string[]): string[] {
  // Not `ip netns exec`: it mounts another /sys, without the cgroups that dockerd needs.
  return ['nsenter', '--target', String(keeperPid), '--net', '--mount', '--uts', '--pid', '--', ...argv];
}
