/** Lets a limited number of calls run at once; the others wait their turn. */
export class CallQueue {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit - calls at once, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls `start` now, or when it is its turn. Whatever it starts ends with {@link done}. */
  run(start: () => void): void {
    if (this.#running >= this.#limit) {
      this.#waiting.push(start);
      return;
    }
    this.#running += 1;
    start();
  }

  /** One call has ended: the next may start. */
  done(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
