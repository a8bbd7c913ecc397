/** How long the parts of some work took, one after another. */
export class Phases {
  readonly #now: () => number;
  readonly #startedMs: number;
  #lastMs: number;
  #took: Readonly<Record<string, number>> = {};

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#startedMs = now();
    this.#lastMs = this.#startedMs;
  }

  /** The part of this name has ended: what has passed since the one before is its own. One that comes again adds up. */
  end(name: string): void {
    const now = this.#now();
    this.#took = { ...this.#took, [name]: (this.#took[name] ?? 0) + now - this.#lastMs };
    this.#lastMs = now;
  }

  /** Milliseconds of each, with a tenth, in the order in which they ended; `ms` is that of all. */
  report(): { readonly ms: number; readonly phases: Readonly<Record<string, number>> } {
    const phases = Object.fromEntries(Object.entries(this.#took).map(([name, ms]) => [name, tenths(ms)]));
    return { ms: tenths(this.#lastMs - this.#startedMs), phases };
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
