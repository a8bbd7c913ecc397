import { join } from 'node:path';
import { openVty, type VtyConnection } from '../vty.ts';

/** The daemons that are asked. */
export type RouterName = 'zebra' | 'ospfd' | 'ospf6d' | 'bgpd' | 'bfdd';

/** Where routing daemons have their command lines; the first that has one counts. */
export const ROUTER_DIRECTORIES: readonly string[] = ['/run/frr', '/run/quagga', '/var/run/quagga'];

/** The routing daemons of this host, asked without starting a process. */
export interface RouterLines {
  /** The answer to a command that ends with `json`; undefined: the daemon does not run, or cannot answer it. */
  ask(daemon: RouterName, command: string): Promise<unknown>;
}

/** A daemon that takes longer is stuck. */
const DEADLINE_MS = 3_000;
/** How long a daemon that is stuck is left alone: whoever asks meanwhile gets no answer at once. */
const STUCK_MS = 10_000;
/** How long a daemon that does not run is not looked for. */
const ABSENT_MS = 500;
/** How long a connection may be idle. */
const IDLE_MS = 5_000;
/** A command that the daemon refuses or does not know. */
const REFUSED = 2;

/** How long is waited for the daemons, in milliseconds. Defaults: 3,000 and 10,000. */
export interface VtyLinesOptions {
  readonly deadlineMs?: number;
  readonly stuckMs?: number;
}

/**
 * Connections to the daemons' own command lines, kept open, and opened again after a daemon was restarted. One that
 * hangs costs whoever asks first `deadlineMs`, and the others nothing.
 */
export class VtyLines implements RouterLines {
  readonly #directories: readonly string[];
  readonly #deadlineMs: number;
  readonly #stuckMs: number;
  readonly #open = new Map<RouterName, VtyConnection>();
  /** So that questions at the same time share one connection. */
  readonly #opening = new Map<RouterName, Promise<VtyConnection | undefined>>();
  /** Until when a daemon is not asked, on the clock of `performance.now()`. */
  readonly #silentUntil = new Map<RouterName, number>();
  readonly #stuck = new Set<RouterName>();

  constructor(directories: readonly string[] = ROUTER_DIRECTORIES, options: VtyLinesOptions = {}) {
    this.#directories = directories;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#stuckMs = options.stuckMs ?? STUCK_MS;
  }

  /** The daemons that let the time-out pass when they were asked last. */
  get stuck(): readonly RouterName[] {
    return [...this.#stuck];
  }

  async ask(daemon: RouterName, command: string): Promise<unknown> {
    const kept = this.#open.get(daemon);
    const answer = kept === undefined ? undefined : await this.#send(daemon, kept, command);
    if (answer !== undefined) return parse(answer);
    const opened = await this.#connect(daemon);
    return opened === undefined ? undefined : parse((await this.#send(daemon, opened, command)) ?? '');
  }

  /** Ends the connections, also those that wait for an answer; a further question would open one again. */
  async close(): Promise<void> {
    const lines = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(lines.map((line) => line[Symbol.asyncDispose]()));
  }

  /** The text of the reply, empty when it is refused; undefined when the connection has ended. */
  async #send(daemon: RouterName, line: VtyConnection, command: string): Promise<string | undefined> {
    const asked = performance.now();
    try {
      const { status, text } = await line.command(command);
      this.#stuck.delete(daemon);
      return status >= REFUSED ? '' : text;
    } catch {
      if (this.#open.get(daemon) === line) this.#open.delete(daemon);
      if (this.#tookTooLong(asked)) this.#noteStuck(daemon);
      return undefined;
    }
  }

  /** Timers may run out a millisecond early. */
  #tookTooLong(sinceMs: number): boolean {
    return performance.now() - sinceMs >= this.#deadlineMs * 0.9;
  }

  #noteStuck(daemon: RouterName): void {
    this.#stuck.add(daemon);
    this.#leaveAlone(daemon, this.#stuckMs);
  }

  #leaveAlone(daemon: RouterName, forMs: number): void {
    this.#silentUntil.set(daemon, performance.now() + forMs);
  }

  async #connect(daemon: RouterName): Promise<VtyConnection | undefined> {
    if (performance.now() < (this.#silentUntil.get(daemon) ?? 0)) return undefined;
    const opening = this.#opening.get(daemon) ?? this.#openLine(daemon);
    this.#opening.set(daemon, opening);
    try {
      return await opening;
    } finally {
      if (this.#opening.get(daemon) === opening) this.#opening.delete(daemon);
    }
  }

  async #openLine(daemon: RouterName): Promise<VtyConnection | undefined> {
    const options = { deadlineMs: this.#deadlineMs, idleMs: IDLE_MS };
    const begun = performance.now();
    for (const directory of this.#directories) {
      const line = await openVty(join(directory, `${daemon}.vty`), options).catch(() => undefined);
      if (line !== undefined) {
        this.#open.set(daemon, line);
        return line;
      }
      if (this.#tookTooLong(begun)) break;
    }
    if (this.#tookTooLong(begun)) this.#noteStuck(daemon);
    else this.#leaveAlone(daemon, ABSENT_MS);
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
