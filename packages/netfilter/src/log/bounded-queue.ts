/** Keeps items until somebody takes them, up to a number; what comes beyond is not kept. */
export class BoundedQueue<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error?: unknown } | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @returns false if there was no room, or it has ended */
  push(item: T): boolean {
    if (this.#end !== undefined || this.#items.length >= this.#capacity) return false;
    this.#items.push(item);
    this.#wake?.();
    return true;
  }

  /** Nothing comes any more; who takes gets what is left, then the error. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  /** Waits for the next item; undefined after the last. */
  async take(): Promise<T | undefined> {
    while (this.#items.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#items.length === 0 && this.#end !== undefined && 'error' in this.#end) throw this.#end.error;
    return this.#items.shift();
  }
}
