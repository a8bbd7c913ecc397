import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitOf } from './command.ts';
import { LabError } from './errors.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/** A background program in a host. It dies with the host. */
export interface LabProcess {
  /** As seen from outside the host; inside, the number is another. */
  readonly pid: number;
  /** Standard output and error of this program and of its earlier runs under the same name. */
  readonly logFile: string;
  log(): Promise<string>;
  /**
   * Sends `signal` (SIGTERM), and SIGKILL when the program still runs after `timeoutMs` (10_000).
   * Returns the exit code, also of a program that ended before.
   */
  stop(signal?: NodeJS.Signals, timeoutMs?: number): Promise<number>;
  /** The exit code; 128 + the signal's number when a signal ended it. */
  readonly exited: Promise<number>;
}

export interface SpawnSpec {
  /** The whole command, starting with nsenter. */
  readonly argv: readonly string[];
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts a program behind nsenter, with its output appended to the log file.
 * @throws {@link LabError} `start-failed` it ended before it could be found
 */
export async function spawnLabProcess(spec: SpawnSpec): Promise<LabProcess> {
  const log = await open(spec.logFile, 'a');
  const [program = '', ...rest] = spec.argv;
  const nsenter = spawn(program, rest, { detached: true, stdio: ['ignore', log.fd, log.fd], env: spec.env });
  const exited = exitOf(nsenter);
  // A failed start is reported below; nobody has to wait for `exited`.
  exited.catch(() => undefined);
  await log.close();
  // The lab's owner may end while the program runs on (lab up).
  nsenter.unref();

  const identity = await findChild(nsenter.pid);
  if (identity === null) {
    const exitCode = await exited;
    throw new LabError(
      'start-failed',
      `${spec.argv.join(' ')}: exit ${exitCode}: ${await readFile(spec.logFile, 'utf8')}`,
    );
  }
  return {
    pid: identity.pid,
    logFile: spec.logFile,
    exited,
    log: () => readFile(spec.logFile, 'utf8'),
    stop: (signal, timeoutMs) => stopProcess(identity, exited, signal, timeoutMs),
  };
}

/** nsenter forks to enter the pid namespace; signals and measurements are for its child. */
async function findChild(parentPid: number | undefined): Promise<ProcessIdentity | null> {
  if (parentPid === undefined) return null;
  const parent = identify(parentPid);
  while (parent !== null && isAlive(parent)) {
    const [childPid] = childrenOf(parentPid);
    const child = childPid === undefined ? null : identify(childPid);
    if (child !== null) return child;
    await sleep(1);
  }
  return null;
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch {
    return [];
  }
}

async function stopProcess(
  identity: ProcessIdentity,
  exited: Promise<number>,
  signal: NodeJS.Signals = 'SIGTERM',
  timeoutMs = 10_000,
): Promise<number> {
  send(identity, signal);
  const timer = setTimeout(() => send(identity, 'SIGKILL'), timeoutMs);
  try {
    return await exited;
  } finally {
    clearTimeout(timer);
  }
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(identity)) process.kill(identity.pid, signal);
}
