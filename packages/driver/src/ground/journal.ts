import type { NameBook } from './endpoint-names.ts';
import type { JournalEntry } from './journal-entry.ts';
import { Recent } from './recent.ts';

/** Whoever wants to hear of what happens. */
export type JournalListener = (entry: JournalEntry) => void;

const CAPACITY = 10_000;

/** What happened to addresses lately, in memory: for people who ask why. */
export class Journal {
  readonly #names: Pick<NameBook, 'of'> | undefined;
  readonly #entries = new Recent<JournalEntry>(CAPACITY);

  /** @param names the containers and networks of endpoints: entries that came before Docker named them get their names too */
  constructor(names?: Pick<NameBook, 'of'>) {
    this.#names = names;
  }

  /** Notes what has just happened. */
  record(entry: Omit<JournalEntry, 'at'>): void {
    this.#entries.record({ at: new Date().toISOString(), ...entry });
  }

  /** What happened, the oldest first; of one address, or of all. */
  entries(address?: string): readonly JournalEntry[] {
    const inOrder = this.#entries.all();
    const meant = address === undefined ? inOrder : inOrder.filter(({ addresses }) => addresses.includes(address));
    return meant.map((entry) => this.#named(entry));
  }

  /** The last entries, that many at most, the oldest first. */
  latest(count: number): readonly JournalEntry[] {
    return this.#entries.latest(count).map((entry) => this.#named(entry));
  }

  /** Calls the listener for each further entry, until the function returned is called. */
  follow(listener: JournalListener): () => void {
    return this.#entries.follow((entry) => listener(this.#named(entry)));
  }

  #named(entry: JournalEntry): JournalEntry {
    const { endpointId, container } = entry;
    if (endpointId === undefined || container !== undefined) return entry;
    return { ...entry, ...this.#names?.of(endpointId) };
  }
}
