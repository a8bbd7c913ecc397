import type { NameBook } from './endpoint-names.ts';
import type { JournalEntry } from './journal-entry.ts';

/** Whoever wants to hear of what happens. */
export type JournalListener = (entry: JournalEntry) => void;

const CAPACITY = 10_000;

/** What happened to addresses lately, in memory: for people who ask why. */
export class Journal {
  readonly #names: Pick<NameBook, 'of'> | undefined;
  readonly #entries: JournalEntry[] = [];
  readonly #listeners = new Set<JournalListener>();
  /** Where the next entry goes, once all places are taken. */
  #oldest = 0;

  /** @param names the containers and networks of endpoints: entries that came before Docker named them get their names too */
  constructor(names?: Pick<NameBook, 'of'>) {
    this.#names = names;
  }

  /** Notes what has just happened. */
  record(entry: Omit<JournalEntry, 'at'>): void {
    const dated = { at: new Date().toISOString(), ...entry };
    if (this.#entries.length < CAPACITY) this.#entries.push(dated);
    else this.#entries[this.#oldest] = dated;
    this.#oldest = (this.#oldest + 1) % CAPACITY;
    for (const listener of this.#listeners) listener(this.#named(dated));
  }

  /** What happened, the oldest first; of one address, or of all. */
  entries(address?: string): readonly JournalEntry[] {
    const start = this.#entries.length < CAPACITY ? 0 : this.#oldest;
    const inOrder = [...this.#entries.slice(start), ...this.#entries.slice(0, start)];
    const meant = address === undefined ? inOrder : inOrder.filter(({ addresses }) => addresses.includes(address));
    return meant.map((entry) => this.#named(entry));
  }

  /** Calls the listener for each further entry, until the function returned is called. */
  follow(listener: JournalListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #named(entry: JournalEntry): JournalEntry {
    const { endpointId, container } = entry;
    if (endpointId === undefined || container !== undefined) return entry;
    return { ...entry, ...this.#names?.of(endpointId) };
  }
}
