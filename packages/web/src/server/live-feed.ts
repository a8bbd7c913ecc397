import { PassThrough } from 'node:stream';
import type { JournalEntry, RefusedPacket } from '@routed/driver';
import type { Snapshots } from './snapshots.ts';
import type { RecentSource } from './sources.ts';

/** How often the host is looked at while somebody follows, and how often what happened is sent. */
const TICK_MS = 1_000;
/** An idle connection would be closed after twice that. */
const SIGN_OF_LIFE_TICKS = 4;
/** Of each kind in one message: in a flood the page shows the last ones. */
const MOST_AT_ONCE = 100;
/** What may wait for a client that reads slowly, before it is sent away: it comes back and begins anew. */
const BACKLOG_BYTES = 1024 * 1024;
/** Clients at once; a further one is told to come back. */
export const MOST_CLIENTS = 16;

/** What the feed tells of. */
export interface LiveFeedDeps {
  readonly snapshots: Pick<Snapshots, 'current'>;
  readonly journal: RecentSource<JournalEntry>;
  readonly refused: RecentSource<RefusedPacket>;
  /** Aborted when the daemon stops. */
  readonly stopping: AbortSignal;
}

/**
 * Tells those who look what changes, as server-sent events: `overview`, `events` and `refused`, each with JSON.
 * Nothing is done while nobody looks.
 *
 * Source: HTML Standard, "Server-sent events".
 */
export class LiveFeed {
  readonly #deps: LiveFeedDeps;
  readonly #clients = new Set<PassThrough>();
  #events: JournalEntry[] = [];
  #refused: RefusedPacket[] = [];
  #lastOverview = '';
  #ticks = 0;
  #stop: (() => void) | undefined;

  constructor(deps: LiveFeedDeps) {
    this.#deps = deps;
    deps.stopping.addEventListener('abort', () => {
      for (const client of this.#clients) client.end();
    });
  }

  /** How many follow now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** What a further client reads; undefined: there are enough. */
  join(): PassThrough | undefined {
    if (this.#clients.size >= MOST_CLIENTS || this.#deps.stopping.aborted) return undefined;
    const client = new PassThrough();
    this.#clients.add(client);
    client.once('close', () => this.#leave(client));
    client.write(`retry: 2000\n\n`);
    if (this.#lastOverview !== '') client.write(this.#lastOverview);
    if (this.#stop === undefined) this.#start();
    return client;
  }

  #leave(client: PassThrough): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#lastOverview = '';
  }

  #start(): void {
    const unfollow = [
      this.#deps.journal.follow((entry) => keep(this.#events, entry)),
      this.#deps.refused.follow((packet) => keep(this.#refused, packet)),
    ];
    let isStopped = false;
    let timer: NodeJS.Timeout | undefined;
    const tick = async (): Promise<void> => {
      await this.#tick();
      if (!isStopped) timer = setTimeout(() => void tick(), TICK_MS).unref();
    };
    this.#stop = () => {
      isStopped = true;
      clearTimeout(timer);
      for (const end of unfollow) end();
      this.#events = [];
      this.#refused = [];
    };
    void tick();
  }

  async #tick(): Promise<void> {
    const current = await this.#deps.snapshots.current().catch(() => undefined);
    const messages = [];
    if (this.#events.length > 0) messages.push(message('events', this.#events.splice(0)));
    if (this.#refused.length > 0) messages.push(message('refused', this.#refused.splice(0)));
    const overview = current === undefined ? '' : message('overview', current.overview);
    if (current !== undefined && overview !== this.#lastOverview) {
      this.#lastOverview = overview;
      messages.push(overview);
    }
    this.#ticks++;
    if (messages.length === 0 && this.#ticks % SIGN_OF_LIFE_TICKS === 0) messages.push(': nothing new\n\n');
    for (const text of messages) this.#send(text);
  }

  #send(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > BACKLOG_BYTES) client.destroy();
      else client.write(text);
    }
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MOST_AT_ONCE) list.shift();
}

/** JSON has no line breaks of its own. */
function message(kind: string, data: unknown): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
