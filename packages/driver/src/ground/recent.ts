/** The last things of a kind, in memory, and who wants to hear of further ones. */
export class Recent<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  readonly #listeners = new Set<(item: T) => void>();
  /** Where the next one goes, once all places are taken. */
  #oldest = 0;

  /** @param capacity how many are kept */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  record(item: T): void {
    if (this.#items.length < this.#capacity) this.#items.push(item);
    else this.#items[this.#oldest] = item;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    for (const listener of this.#listeners) listener(item);
  }

  /** The oldest first. */
  all(): T[] {
    const start = this.#items.length < this.#capacity ? 0 : this.#oldest;
    return [...this.#items.slice(start), ...this.#items.slice(0, start)];
  }

  /** The last ones, that many at most, the oldest first: costs what is returned, whatever is kept. */
  latest(count: number): T[] {
    const kept = this.#items.length;
    const wanted = Math.min(count, kept);
    const end = kept < this.#capacity ? kept : this.#oldest + kept;
    return Array.from({ length: wanted }, (_, index) => this.#items[(end - wanted + index) % kept] as T);
  }

  /** Calls the listener for each further one, until the function returned is called. */
  follow(listener: (item: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
