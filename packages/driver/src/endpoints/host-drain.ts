import type { Repository } from '@routed/store';

/** That the whole host is drained. There is one such record, or none. */
export interface HostDrainRecord {
  readonly id: 'host';
}

/** Whether an operator drains the whole host: also the endpoints that join from now on, and across restarts of the daemon. */
export class HostDrain {
  readonly #repository: Repository<HostDrainRecord>;
  #isDraining = false;

  constructor({ repository }: { readonly repository: Repository<HostDrainRecord> }) {
    this.#repository = repository;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Takes up what the previous run left. */
  async load(): Promise<void> {
    this.#isDraining = (await this.#repository.load()).length > 0;
  }

  async set(isDraining: boolean): Promise<void> {
    if (isDraining) await this.#repository.put({ id: 'host' });
    else await this.#repository.remove('host');
    this.#isDraining = isDraining;
  }
}
