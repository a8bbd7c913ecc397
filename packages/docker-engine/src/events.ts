import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineApi } from './engine-api.ts';
import { DockerError } from './errors.ts';
import { type EngineEvent, eventKey, parseEvent } from './event-message.ts';
import { splitLines } from './split-lines.ts';

/** What a consumer of events is told. */
export type EngineNotice =
  /** Something has happened in the engine. */
  | { readonly kind: 'event'; readonly event: EngineEvent }
  /** Events may have been missed: read the state anew now. What happens from here on follows as events. */
  | { readonly kind: 'resync'; readonly reason: ResyncReason }
  /** The engine answers again, and nothing was missed. */
  | { readonly kind: 'resumed' }
  /** The engine does not answer. It is asked again until it does; the next notice is `resumed` or `resync`. */
  | { readonly kind: 'disconnected'; readonly error: DockerError };

/**
 * `first`: the stream begins. `gap`: the engine was restarted, or no longer has the event that came last. `overrun`: the
 * consumer was too slow. `unreadable`: an event was longer than 4 MiB, or no event.
 */
export type ResyncReason = 'first' | 'gap' | 'overrun' | 'unreadable';

/** Which events. */
export interface EventOptions {
  /** Those of Docker, such as `{ type: ['container'], event: ['start', 'die', 'health_status'] }`. */
  readonly filters?: Readonly<Record<string, readonly string[]>>;
  /** Those since then too, in nanoseconds since 1970, as far as the engine has them. @defaultValue now */
  readonly since?: bigint;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/** Time, for tests that have no time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** Docker stamps an event before it takes a lock to publish it, so that one may come after another with a later time. */
const OVERLAP_NS = 1_000_000_000n;
/** Docker keeps 256 events, and repeats no more than these. Source: moby daemon/events/events.go. */
const REMEMBERED_EVENTS = 512;
/** What waits for the consumer. Docker itself drops events of a client that does not read for 100 ms, and does not say so. */
const WAITING_NOTICES = 10_000;

/** What happens in the engine, until the signal; begins with `resync`. Nothing is asked before the first `next()`. */
export async function* engineEvents(
  api: EngineApi,
  clock: Clock,
  options: EventOptions,
): AsyncGenerator<EngineNotice, void, undefined> {
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const follower = new EventFollower(api, clock, options);
  const following = follower.run(signal);
  try {
    for await (const notice of follower.notices as AsyncIterable<EngineNotice>) {
      if (signal.aborted) return;
      yield notice;
    }
  } finally {
    ending.abort();
    await following;
  }
}

/** Reads as fast as the engine tells, and connects again when it was away. */
class EventFollower {
  readonly #api: EngineApi;
  readonly #clock: Clock;
  readonly #filters: string;
  readonly #since: bigint;
  /** Keys of the events that were given, the oldest first. */
  readonly #given = new Set<string>();
  #last: EngineEvent | undefined;
  /** Of the next resync. */
  #reason: ResyncReason = 'first';
  #isDisconnected = false;
  #isOverrun = false;
  /** What waits for the consumer. */
  readonly notices: Readable = new Readable({ objectMode: true, read: () => this.#endOverrun() });

  constructor(api: EngineApi, clock: Clock, { filters, since }: EventOptions) {
    this.#api = api;
    this.#clock = clock;
    this.#filters = filters === undefined ? '' : `&filters=${encodeURIComponent(JSON.stringify(filters))}`;
    this.#since = since ?? BigInt(clock.now()) * 1_000_000n;
  }

  /** Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    for (let pauseMs = FIRST_PAUSE_MS; !isOver(); pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await this.#follow(signal, () => (pauseMs = FIRST_PAUSE_MS));
        this.#disconnected(this.#api.unreachable('events', 'it closed the stream'));
      } catch (error) {
        if (isOver()) break;
        const known = error instanceof DockerError ? error : undefined;
        this.#disconnected(known ?? this.#api.unreachable('events', (error as Error).message, error));
      }
      await this.#clock.sleep(pauseMs, signal).catch(() => undefined);
    }
    this.notices.push(null);
  }

  /** One connection, to its end. */
  async #follow(signal: AbortSignal, onConnected: () => void): Promise<void> {
    const since = this.#last === undefined ? this.#since : this.#last.timeNano - OVERLAP_NS;
    const reply = await this.#api.open({ path: this.#path(since), what: 'events', signal });
    try {
      // Hours may pass between two events.
      reply.setTimeout(0);
      this.#push(await this.#connected(since, signal));
      onConnected();
      for await (const line of splitLines(reply)) this.#take(line === undefined ? undefined : parseEvent(line));
    } finally {
      reply.destroy();
      this.#api.forgetVersion();
    }
  }

  async #connected(since: bigint, signal: AbortSignal): Promise<EngineNotice> {
    const isKept = this.#last !== undefined && (await this.#isKept(this.#last, since, signal));
    const reason = this.#reason;
    this.#reason = 'gap';
    this.#isDisconnected = false;
    return isKept ? { kind: 'resumed' } : { kind: 'resync', reason };
  }

  /** Whether the engine still has an event, and so all that came after it. */
  async #isKept(event: EngineEvent, since: bigint, signal: AbortSignal): Promise<boolean> {
    try {
      const until = `&until=${secondsOf(event.timeNano)}`;
      const reply = await this.#api.open({ path: `${this.#path(since)}${until}`, what: 'events', signal });
      const kept = (await text(reply)).split('\n').map(parseEvent);
      return kept.some((one) => one !== undefined && eventKey(one) === eventKey(event));
    } catch {
      return false;
    }
  }

  #path(since: bigint): string {
    return `/events?since=${secondsOf(since)}${this.#filters}`;
  }

  #take(event: EngineEvent | undefined): void {
    if (event === undefined) {
      this.#push({ kind: 'resync', reason: 'unreadable' });
      return;
    }
    const key = eventKey(event);
    if (this.#given.has(key)) return;
    this.#given.add(key);
    const [oldest] = this.#given;
    if (this.#given.size > REMEMBERED_EVENTS && oldest !== undefined) this.#given.delete(oldest);
    this.#last = event;
    this.#push({ kind: 'event', event });
  }

  /** Said once for each time that the engine is away. */
  #disconnected(error: DockerError): void {
    if (!this.#isDisconnected) this.#push({ kind: 'disconnected', error });
    this.#isDisconnected = true;
  }

  #push(notice: EngineNotice): void {
    this.#isOverrun ||= this.notices.readableLength >= WAITING_NOTICES;
    if (!this.#isOverrun) this.notices.push(notice);
  }

  /** The consumer has taken what waited; of what came meanwhile it knows nothing. */
  #endOverrun(): void {
    if (!this.#isOverrun) return;
    this.#isOverrun = false;
    this.#push({ kind: 'resync', reason: 'overrun' });
  }
}

/** As Docker takes times: seconds, and nine digits of nanoseconds. */
function secondsOf(nano: bigint): string {
  return `${nano / 1_000_000_000n}.${String(nano % 1_000_000_000n).padStart(9, '0')}`;
}
