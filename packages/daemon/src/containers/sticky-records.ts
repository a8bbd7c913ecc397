import type { Repository } from '../state/repository.ts';
import type { StickyRecord } from './sticky-record.ts';

/** The records of addresses that stay with containers: in memory, and where they outlive this process. */
export class StickyRecords {
  readonly #repository: Repository<StickyRecord>;
  readonly #records = new Map<string, StickyRecord>();

  constructor(repository: Repository<StickyRecord>) {
    this.#repository = repository;
  }

  /** Takes up the records of an earlier life. */
  async load(): Promise<void> {
    for (const record of await this.#repository.load()) this.#records.set(record.id, record);
  }

  get(id: string): StickyRecord | undefined {
    return this.#records.get(id);
  }

  all(): readonly StickyRecord[] {
    return [...this.#records.values()];
  }

  /** Those of one network. */
  ofNetwork(networkId: string): readonly StickyRecord[] {
    return this.all().filter((record) => record.networkId === networkId);
  }

  async put(record: StickyRecord): Promise<void> {
    await this.#repository.put(record);
    this.#records.set(record.id, record);
  }

  async remove(id: string): Promise<void> {
    await this.#repository.remove(id);
    this.#records.delete(id);
  }
}
