/** What {@link Remembered} works with. */
export interface RememberedSettings {
  /** How long an answer is good for, in milliseconds. */
  readonly freshMs: number;
  /** How many times as long as the question took an answer is good for at least: what is dear is asked seldom. Default 0. */
  readonly costFactor?: number;
  /** A clock that never goes back; default `performance.now`. */
  readonly nowMs?: () => number;
}

/**
 * An answer that is asked for again when somebody wants it and it is old. Nobody waits for it: who comes meanwhile gets the
 * last one.
 */
export class Remembered<T> {
  readonly #ask: () => Promise<T>;
  readonly #settings: Required<RememberedSettings>;
  #value: T | undefined;
  #error: string | undefined;
  #asking: Promise<void> | undefined;
  #validUntilMs = -Infinity;

  constructor(ask: () => Promise<T>, settings: RememberedSettings) {
    this.#ask = ask;
    this.#settings = { costFactor: 0, nowMs: () => performance.now(), ...settings };
  }

  /** The last answer; undefined: none yet, or the last question failed. */
  get value(): T | undefined {
    return this.#value;
  }

  /** Why the last question failed; undefined: it did not. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Asks if that is due. Fulfilled when no question is under way; never rejects. */
  async refresh(): Promise<void> {
    if (this.#settings.nowMs() >= this.#validUntilMs) this.#asking ??= this.#askNow();
    await this.#asking;
  }

  async #askNow(): Promise<void> {
    const { nowMs, freshMs, costFactor } = this.#settings;
    const startMs = nowMs();
    try {
      this.#value = await this.#ask();
      this.#error = undefined;
    } catch (error) {
      this.#value = undefined;
      this.#error = error instanceof Error ? error.message : String(error);
    } finally {
      const endMs = nowMs();
      this.#validUntilMs = endMs + Math.max(freshMs, costFactor * (endMs - startMs));
      this.#asking = undefined;
    }
  }
}
