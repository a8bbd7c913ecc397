/** Since when each key has been in a condition, and whether that is long enough to act on it. */
export class GracePeriod {
  readonly #sinceMs = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The key is in the condition; the first time counts. */
  note(key: string): void {
    if (!this.#sinceMs.has(key)) this.#sinceMs.set(key, this.#now());
  }

  /** The key is in the condition from now on, whether or not it was before. */
  restart(key: string): void {
    this.#sinceMs.set(key, this.#now());
  }

  /** The key is not in the condition, or no more. */
  forget(key: string): void {
    this.#sinceMs.delete(key);
  }

  /** These keys are in the condition, and no others. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#sinceMs.keys()) if (!keys.has(key)) this.forget(key);
    for (const key of keys) this.note(key);
  }

  has(key: string): boolean {
    return this.#sinceMs.has(key);
  }

  /** Whether the key has been in the condition for so long. */
  isOver(key: string, ms: number): boolean {
    const sinceMs = this.#sinceMs.get(key);
    return sinceMs !== undefined && this.#now() - sinceMs >= ms;
  }

  /** The keys that have been in the condition for so long. */
  over(ms: number): readonly string[] {
    return [...this.#sinceMs.keys()].filter((key) => this.isOver(key, ms));
  }
}
