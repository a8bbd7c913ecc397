import { type Direction, DIRECTIONS } from '@routed/netfilter';
import type { Repository } from '@routed/store';
import type { PersistentAssignment } from './persistent-assignment.ts';

/** The records of addresses that stay with containers: in memory, and where they outlive this process. */
export class PersistentAssignments {
  readonly #repository: Repository<PersistentAssignment>;
  readonly #records = new Map<string, PersistentAssignment>();
  /** The same by network: asked at every start of a container. */
  readonly #byNetwork = new Map<string, Map<string, PersistentAssignment>>();

  constructor(repository: Repository<PersistentAssignment>) {
    this.#repository = repository;
  }

  /** Takes up the records of the previous run. */
  async load(): Promise<void> {
    for (const record of await this.#repository.load()) this.#set(record);
  }

  get(id: string): PersistentAssignment | undefined {
    return this.#records.get(id);
  }

  all(): readonly PersistentAssignment[] {
    return [...this.#records.values()];
  }

  /** Those of one network. */
  ofNetwork(networkId: string): readonly PersistentAssignment[] {
    return [...(this.#byNetwork.get(networkId)?.values() ?? [])];
  }

  /**
   * The directions in which an operator has given a list to a container of the network: one that allows fewer than everybody. A
   * container that is to be open may wait for it behind the list of its network.
   */
  directionsWithLists(networkId: string): readonly Direction[] {
    const records = this.ofNetwork(networkId);
    return DIRECTIONS.filter((direction) => {
      return records.some(({ [direction]: list }) => list !== undefined && list !== 'any');
    });
  }

  async put(record: PersistentAssignment): Promise<void> {
    await this.#repository.put(record);
    this.#set(record);
  }

  async remove(id: string): Promise<void> {
    await this.#repository.remove(id);
    const networkId = this.#records.get(id)?.networkId ?? '';
    this.#records.delete(id);
    this.#byNetwork.get(networkId)?.delete(id);
    if (this.#byNetwork.get(networkId)?.size === 0) this.#byNetwork.delete(networkId);
  }

  #set(record: PersistentAssignment): void {
    this.#records.set(record.id, record);
    const ofNetwork = this.#byNetwork.get(record.networkId);
    if (ofNetwork === undefined) this.#byNetwork.set(record.networkId, new Map([[record.id, record]]));
    else ofNetwork.set(record.id, record);
  }
}
