import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './errors.ts';
import type { Host } from './host.ts';

/** A route came (or was replaced), or went. */
export interface RouteChange {
  /** An address for a host route, else a prefix; as `ip route` writes it. */
  readonly destination: string;
  readonly isGone: boolean;
  /** `performance.now()` when this process heard of it, well below 1 ms after the kernel's change. */
  readonly atMs: number;
  /** The whole line of `ip monitor`. */
  readonly line: string;
}

/** Hears of every change to a host's routes as the kernel tells it, from the moment it is opened. */
export interface RouteWatch extends AsyncDisposable {
  /** All so far. */
  readonly changes: readonly RouteChange[];
  /**
   * The first change, past or to come, that `isIt` accepts.
   * @throws {@link LabError} `timeout`
   */
  find(isIt: (change: RouteChange) => boolean, deadlineMs?: number): Promise<RouteChange>;
}

// TEST-NET-2 in a table of its own: no daemon cares.
const probe = ['blackhole', '198.51.100.1', 'table', '25'];
const openTimeoutMs = 5_000;
const lookEveryMs = 20;

/** Returns when changes from now on are heard. */
export async function watchRoutes(host: Host): Promise<RouteWatch> {
  // Only the network namespace: nothing ends this program with the host, so it ends with this process.
  const enter = ['--pdeathsig', 'KILL', '--', 'nsenter', '--target', String(host.keeperPid), '--net', '--'];
  const monitor = spawn('setpriv', [...enter, 'ip', '-o', 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const watch = new MonitorWatch(monitor);
  const deadline = performance.now() + openTimeoutMs;
  while (!watch.changes.some(({ line }) => line.includes('198.51.100.1'))) {
    if (performance.now() > deadline) throw new LabError('timeout', `ip monitor on ${host.name} says nothing`);
    await host.exec(['ip', 'route', 'add', ...probe]);
    await host.exec(['ip', 'route', 'delete', ...probe]);
    await sleep(lookEveryMs);
  }
  return watch;
}

class MonitorWatch implements RouteWatch {
  readonly changes: RouteChange[] = [];
  readonly #monitor: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #listeners = new Set<(change: RouteChange) => void>();

  constructor(monitor: ChildProcess & { readonly stdout: NodeJS.ReadableStream }) {
    this.#monitor = monitor;
    this.#exited = once(monitor, 'exit').catch(() => undefined);
    createInterface({ input: monitor.stdout }).on('line', (line) => this.#hear(line));
  }

  async find(isIt: (change: RouteChange) => boolean, deadlineMs = 30_000): Promise<RouteChange> {
    const past = this.changes.find(isIt);
    if (past !== undefined) return past;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
      };
      const listener = (change: RouteChange): void => {
        if (!isIt(change)) return;
        end();
        resolve(change);
      };
      const timer = setTimeout(() => {
        end();
        const last = this.changes.at(-1)?.line ?? 'none';
        reject(new LabError('timeout', `no such change of a route after ${deadlineMs} ms; the last was: ${last}`));
      }, deadlineMs);
      this.#listeners.add(listener);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#monitor.kill();
    await this.#exited;
  }

  #hear(line: string): void {
    const atMs = performance.now();
    const [, gone, destination = ''] = /^(Deleted )?(?:[a-z]+ )?([0-9a-f.:/]+|default)/.exec(line) ?? [];
    const change = { destination, isGone: gone !== undefined, atMs, line };
    this.changes.push(change);
    for (const listener of [...this.#listeners]) listener(change);
  }
}
