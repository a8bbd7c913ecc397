import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitOf } from './command.ts';
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
  readonly hasExited: boolean;
}

export interface SpawnSpec {
  /** The whole command, starting with nsenter. */
  readonly argv: readonly string[];
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a program behind nsenter, with its output appended to the log file. */
export async function spawnLabProcess(spec: SpawnSpec): Promise<LabProcess> {
  const log = await open(spec.logFile, 'a');
  const [program = '', ...rest] = spec.argv;
  const nsenter = spawn(program, rest, { detached: true, stdio: ['ignore', log.fd, log.fd], env: spec.env });
  const exited = exitOf(nsenter);
  await log.close();
  // nsenter has no pid when it could not be started: then waiting for its exit throws the reason.
  const pid = nsenter.pid ?? (await exited);
  // A program that has ended already is known by nsenter's own pid, which nobody signals any more.
  const identity = (await findChild(pid)) ?? { pid, startTicks: -1, bootId: '' };
  return new NsenterProcess(nsenter, exited, identity, spec.logFile);
}

class NsenterProcess implements LabProcess {
  readonly #nsenter: ChildProcess;
  readonly #exited: Promise<number>;
  readonly #identity: ProcessIdentity;
  readonly logFile: string;

  constructor(nsenter: ChildProcess, exited: Promise<number>, identity: ProcessIdentity, logFile: string) {
    this.#nsenter = nsenter;
    this.#exited = exited;
    this.#identity = identity;
    this.logFile = logFile;
    // Only who waits for it keeps the owner running: with "lab up" the program outlives the owner.
    nsenter.unref();
  }

  get pid(): number {
    return this.#identity.pid;
  }

  get exited(): Promise<number> {
    this.#nsenter.ref();
    return this.#exited;
  }

  get hasExited(): boolean {
    return this.#nsenter.exitCode !== null || this.#nsenter.signalCode !== null;
  }

  async log(): Promise<string> {
    return readFile(this.logFile, 'utf8');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = 10_000): Promise<number> {
    this.#send(signal);
    const timer = setTimeout(() => this.#send('SIGKILL'), timeoutMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  #send(signal: NodeJS.Signals): void {
    if (isAlive(this.#identity)) process.kill(this.pid, signal);
    // nsenter stops with a program that a signal stopped, and then waits for nobody. Source: util-linux, nsenter.c.
    this.#nsenter.kill('SIGCONT');
  }
}

/** nsenter forks to enter the pid namespace; signals and measurements are for its child. */
async function findChild(parentPid: number): Promise<ProcessIdentity | null> {
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
