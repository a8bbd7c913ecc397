import { join } from 'node:path';
import { openVty, type VtyConnection } from '@routed/quagga/vty';

/** The daemons that are asked. */
export type RouterName = 'zebra' | 'ospfd' | 'ospf6d' | 'bgpd';

/** Where routing daemons have their command lines; the first that has one counts. */
export const ROUTER_DIRECTORIES: readonly string[] = ['/run/frr', '/run/quagga', '/var/run/quagga'];

/** The routing daemons of this host, asked without starting a process. */
export interface RouterLines {
  /** The answer to a command that ends with `json`; undefined: the daemon does not run, or cannot answer it. */
  ask(daemon: RouterName, command: string): Promise<unknown>;
}

/** A daemon that takes longer is stuck, and is asked again another time. */
const DEADLINE_MS = 5_000;
/** How long a daemon that does not run is not looked for. */
const ABSENT_MS = 500;
/** A command that the daemon refuses or does not know. */
const REFUSED = 2;

/** Connections to the daemons' own command lines, kept open, and opened again after a daemon was restarted. */
export class VtyLines implements RouterLines {
  readonly #directories: readonly string[];
  readonly #open = new Map<RouterName, VtyConnection>();
  /** When a daemon was found not to run, on the clock of `performance.now()`. */
  readonly #absentSince = new Map<RouterName, number>();

  constructor(directories: readonly string[] = ROUTER_DIRECTORIES) {
    this.#directories = directories;
  }

  async ask(daemon: RouterName, command: string): Promise<unknown> {
    const kept = this.#open.get(daemon);
    const answer = kept === undefined ? undefined : await this.#send(daemon, kept, command);
    if (answer !== undefined) return parse(answer);
    const opened = await this.#connect(daemon);
    return opened === undefined ? undefined : parse((await this.#send(daemon, opened, command)) ?? '');
  }

  /** Ends the connections; a further question would open one again. */
  async close(): Promise<void> {
    const lines = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(lines.map((line) => line[Symbol.asyncDispose]()));
  }

  /** The text of the reply, empty when it is refused; undefined when the connection has ended. */
  async #send(daemon: RouterName, line: VtyConnection, command: string): Promise<string | undefined> {
    try {
      const { status, text } = await line.command(command);
      return status >= REFUSED ? '' : text;
    } catch {
      if (this.#open.get(daemon) === line) this.#open.delete(daemon);
      return undefined;
    }
  }

  async #connect(daemon: RouterName): Promise<VtyConnection | undefined> {
    if (performance.now() - (this.#absentSince.get(daemon) ?? -ABSENT_MS) < ABSENT_MS) return undefined;
    for (const directory of this.#directories) {
      const line = await openVty(join(directory, `${daemon}.vty`), { deadlineMs: DEADLINE_MS }).catch(() => undefined);
      if (line === undefined) continue;
      const other = this.#open.get(daemon);
      if (other !== undefined) void line[Symbol.asyncDispose]();
      else this.#open.set(daemon, line);
      return other ?? line;
    }
    this.#absentSince.set(daemon, performance.now());
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
