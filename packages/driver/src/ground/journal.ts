/** What can happen to an address. */
export type JournalKind =
  /** Given out: to a container that is about to start, or for good. */
  | 'leased'
  /** Free again. */
  | 'released'
  /** The host has its route, and a router may tell other hosts. */
  | 'announced'
  /** The host's route is taken away. */
  | 'withdrawn'
  /** Another host announces it, too, or does so no more. */
  | 'conflict'
  /** An operator said who may open connections to it. */
  | 'filtered'
  /** Another route of this host hides that of the address, or does so no more. */
  | 'hidden'
  /** It is in the container, beside the address that Docker gave. */
  | 'configured'
  /** Something went wrong; `detail` says what. */
  | 'failed'
  /** Another container has it than the one that had it last. */
  | 'moved'
  /** Somebody took away what belongs to it, and it is back. */
  | 'repaired';

/** One thing that happened. */
export interface JournalEntry {
  /** Time in ISO 8601, UTC. */
  readonly at: string;
  readonly kind: JournalKind;
  readonly addresses: readonly string[];
  readonly endpointId?: string;
  /** The names of its container and network, where they are known. */
  readonly container?: string;
  readonly network?: string;
  /** Why, for people. */
  readonly detail: string;
}

/** Whoever wants to hear of what happens. */
export type JournalListener = (entry: JournalEntry) => void;

const CAPACITY = 10_000;

/** What happened to addresses lately, in memory: for people who ask why. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #listeners = new Set<JournalListener>();
  /** Where the next entry goes, once all places are taken. */
  #oldest = 0;

  /** Notes what has just happened. */
  record(entry: Omit<JournalEntry, 'at'>): void {
    const dated = { at: new Date().toISOString(), ...entry };
    if (this.#entries.length < CAPACITY) this.#entries.push(dated);
    else this.#entries[this.#oldest] = dated;
    this.#oldest = (this.#oldest + 1) % CAPACITY;
    for (const listener of this.#listeners) listener(dated);
  }

  /** What happened, the oldest first; of one address, or of all. */
  entries(address?: string): readonly JournalEntry[] {
    const start = this.#entries.length < CAPACITY ? 0 : this.#oldest;
    const inOrder = [...this.#entries.slice(start), ...this.#entries.slice(0, start)];
    return address === undefined ? inOrder : inOrder.filter(({ addresses }) => addresses.includes(address));
  }

  /** Calls the listener for each further entry, until the function returned is called. */
  follow(listener: JournalListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
