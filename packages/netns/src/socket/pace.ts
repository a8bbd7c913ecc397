/** A request that takes longer has waited. */
const WAITED_MS = 2;
/** On another thread it may as well have waited for that one or for a processor, so it takes more to tell. */
const WAITED_AWAY_MS = 20;
/** So many requests in a row must not have waited before others are made on the event loop. */
const NEEDED = 8;
/** For so long none is made there after one has waited; twice as long each time, up to the longest. */
const SHORTEST_ABSENCE_MS = 1000;
const LONGEST_ABSENCE_MS = 60_000;
/** After so many times the last absence without a wait, the next is the shortest again. */
const FORGIVEN_AFTER = 8;
/** What requests met so long ago says nothing of the next. */
const STALE_MS = 1000;
/** After so much of a turn on the event loop, what else wants to run there is let in. */
const TURN_MS = 0.5;

/**
 * Decides which requests are made on the event loop.
 *
 * A request is done when the system call that sends it returns. To have another thread make that call takes ten times as
 * long as most requests; to make it on the event loop stops everything else for as long as somebody holds the kernel's
 * RTNL lock. Nothing says beforehand whether the lock is free. So what the requests of the last moments met decides: while
 * none waited, a short one is made on the loop. One that waits there sends those after it to threads for a second, and twice as
 * long each time it happens again: so the loop is held up once a minute at most where others hold the lock often. The lock is one for all namespaces, and so is the pace for all sockets of a process.
 */
export class Pace {
  readonly #now: () => number;
  readonly #needed: number;
  #quick = 0;
  #absenceMs = SHORTEST_ABSENCE_MS;
  #absentUntilMs = -Infinity;
  #lastMs = -Infinity;
  #away = 0;
  #turnStartedMs: number | undefined;
  #nextTurn: Promise<void> | undefined;

  /**
   * @param now - milliseconds of a clock that never goes back
   * @param needed - requests in a row that must not have waited; Infinity: none is made on the loop
   */
  constructor(now: () => number = () => performance.now(), needed: number = NEEDED) {
    this.#now = now;
    this.#needed = needed;
  }

  /** Whether a short request may be made on the event loop: none is under way elsewhere that may hold the lock. */
  isClear(): boolean {
    if (this.#away > 0 || this.#quick < this.#needed) return false;
    const now = this.#now();
    return now >= this.#absentUntilMs && now - this.#lastMs < STALE_MS;
  }

  /** Makes a call on the event loop. What did not need the lock says nothing of it. */
  here(call: () => number, needsLock: boolean): number {
    const started = this.#now();
    this.#turnStartedMs ??= this.#startTurn(started);
    const result = call();
    if (needsLock && this.#note(started, WAITED_MS) >= WAITED_MS) this.#stayAway();
    return result;
  }

  /** Makes a call on another thread. What may take long by itself says nothing of the lock, except that it may hold it. */
  async away(call: () => Promise<number>, isBrief: boolean): Promise<number> {
    const started = this.#now();
    this.#away += 1;
    try {
      return await call();
    } finally {
      this.#away -= 1;
      if (isBrief) this.#note(started, WAITED_AWAY_MS);
    }
  }

  /** To be awaited before a call is made on the event loop, so that one request after another does not hold it up. */
  async turn(): Promise<void> {
    while (this.#turnStartedMs !== undefined && this.#now() - this.#turnStartedMs >= TURN_MS) await this.#nextTurn;
  }

  #stayAway(): void {
    const isForgiven = this.#lastMs - this.#absentUntilMs > FORGIVEN_AFTER * this.#absenceMs;
    this.#absenceMs = isForgiven ? SHORTEST_ABSENCE_MS : Math.min(LONGEST_ABSENCE_MS, this.#absenceMs * 2);
    this.#absentUntilMs = this.#lastMs + this.#absenceMs;
  }

  #startTurn(started: number): number {
    this.#nextTurn = new Promise((resolve) => {
      setImmediate(() => {
        this.#turnStartedMs = undefined;
        resolve();
      });
    });
    return started;
  }

  /** How long it took. From `waitedMs` on it has waited. */
  #note(started: number, waitedMs: number): number {
    this.#lastMs = this.#now();
    const tookMs = this.#lastMs - started;
    if (tookMs < WAITED_MS) this.#quick += 1;
    else if (tookMs >= waitedMs) this.#quick = 0;
    return tookMs;
  }
}

/** That of this process. */
export const pace: Pace = new Pace();

/** That of those who want nothing to wait on the event loop. */
export function alwaysAway(): Pace {
  return new Pace(undefined, Infinity);
}
