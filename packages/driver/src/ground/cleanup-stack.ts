/** What has to be closed, in a stop as in a start that fails half-way, in the reverse of the order in which it was opened. */
export class CleanupStack {
  readonly #steps: (() => unknown)[] = [];

  /** Closes this before everything that was added earlier. */
  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Closes everything; a step that fails does not keep the others from being done. May be repeated. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '));
  }
}
