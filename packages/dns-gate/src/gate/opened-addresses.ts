/** What one client may reach by names at once: more is an attempt to fill the sets of the kernel. */
export const MOST_PER_CLIENT = 1_024;

/** An address that a client may reach because a name has it. */
export interface Opened {
  readonly client: string;
  /** Canonical text. */
  readonly address: string;
  /** What the name is listed as: a name, or a wildcard. */
  readonly pattern: string;
  /** The name that the client asked for. */
  readonly name: string;
  /** On the gate's clock. */
  readonly untilMs: number;
}

/** The addresses that are open, until they are not. */
export class OpenedAddresses {
  readonly #byClient = new Map<string, Map<string, Opened>>();

  /** Until when an address is open for what a pattern allows; 0: it is not. */
  until(client: string, pattern: string, address: string): number {
    return this.#byClient.get(client)?.get(keyOf(pattern, address))?.untilMs ?? 0;
  }

  /** Whether a client has no room for one more. Those that have run out are dropped first. */
  isFull(client: string, nowMs: number): boolean {
    const opened = this.#byClient.get(client);
    if (opened === undefined || opened.size < MOST_PER_CLIENT) return false;
    for (const [key, { untilMs }] of opened) if (untilMs <= nowMs) opened.delete(key);
    return opened.size >= MOST_PER_CLIENT;
  }

  add(entry: Opened): void {
    const opened = this.#byClient.get(entry.client) ?? new Map<string, Opened>();
    this.#byClient.set(entry.client, opened.set(keyOf(entry.pattern, entry.address), entry));
  }

  /** Those of one client, or of all, that are open at a moment. */
  *list(nowMs: number, client?: string): Generator<Opened> {
    const clients =
      client === undefined ? this.#byClient.values() : [this.#byClient.get(client) ?? new Map<string, Opened>()];
    for (const opened of clients) {
      for (const entry of opened.values()) if (entry.untilMs > nowMs) yield entry;
    }
  }

  forget(client: string): void {
    this.#byClient.delete(client);
  }
}

function keyOf(pattern: string, address: string): string {
  return `${pattern} ${address}`;
}
