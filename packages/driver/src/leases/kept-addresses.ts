import type { Logger } from '@routed/datapath';
import { type Ipam, isIpamError, type KeyedLock, type Lease, type LeaseKey } from '@routed/ipam';
import type { Repository } from '@routed/store';
import type { Journal } from '../ground/journal.ts';
import { keptId, type KeptRecord } from './kept-record.ts';
import type { LeasedAddress } from './leased-address.ts';

/** A container, as Docker names it. */
interface Owner {
  readonly id: string;
  readonly name: string;
}

interface KeptAddressesDeps {
  readonly ipam: Ipam;
  readonly repository: Repository<KeptRecord>;
  /** Whether an endpoint has the address. */
  readonly isInUse: (address: string) => boolean;
  readonly lock: KeyedLock;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * Addresses that were chosen for a container and are its own from then on. While no endpoint has one, it stays leased (`sticky`), and
 * nobody else gets it unless they name it, or the pool has no other. Kept until the container is removed or leaves the network.
 */
export class KeptAddresses {
  readonly #deps: KeptAddressesDeps;
  readonly #records = new Map<string, KeptRecord>();
  /** The record of each address of each pool. */
  readonly #owners = new Map<string, Map<string, string>>();
  /** Addresses that are leased without an endpoint, by pool; those kept for longest come first. */
  readonly #kept = new Map<string, Set<string>>();
  /** Addresses that containers have in addition now. Apart, so that a start does not go through all of them. */
  readonly #lent = new Set<string>();

  constructor(deps: KeptAddressesDeps) {
    this.#deps = deps;
  }

  /** Takes up the records of the previous run, and leases what they say again where a reboot freed it. */
  async load(): Promise<void> {
    for (const record of await this.#deps.repository.load()) {
      this.#set(record);
      for (const address of record.addresses) await this.#restore(record, address);
    }
  }

  all(): readonly KeptRecord[] {
    return [...this.#records.values()];
  }

  of(containerId: string, networkId: string): KeptRecord | undefined {
    return this.#records.get(keptId(containerId, networkId));
  }

  /** Whose own an address is. */
  ownerOf({ poolId, address }: LeaseKey): KeptRecord | undefined {
    return this.#records.get(this.#owners.get(poolId)?.get(address) ?? '');
  }

  /** The addresses of a pool that are kept while no endpoint has them; those kept for longest come first. */
  *idle(poolId: string): Generator<string> {
    for (const address of this.#kept.get(poolId) ?? []) if (this.isIdle({ poolId, address })) yield address;
  }

  /** The containers that have addresses of a pool waiting for them: `most` of them. */
  waiting(poolId: string, most: number): string[] {
    const ids = new Set<string>();
    for (const address of this.idle(poolId)) {
      const owner = this.ownerOf({ poolId, address });
      if (owner !== undefined) ids.add(owner.containerId);
      if (ids.size >= most) break;
    }
    return [...ids];
  }

  /** An endpoint is no more that had these in addition: those that are containers' own wait for them. */
  giveBack(addresses: readonly LeaseKey[]): void {
    for (const { poolId, address } of addresses) {
      const wasLent = this.#lent.delete(lockOf({ poolId, address }));
      if (wasLent && this.ownerOf({ poolId, address }) !== undefined) this.#note({ poolId, address });
    }
  }

  /** Whether an address of a record is leased still. */
  isLeased({ poolId, address }: LeaseKey): boolean {
    return this.#deps.ipam.lease(poolId, address) !== undefined;
  }

  /** Whether an address is kept for a container that does not have it now. */
  isIdle({ poolId, address }: LeaseKey): boolean {
    const isKept = this.#kept.get(poolId)?.has(address) === true || this.#lent.has(lockOf({ poolId, address }));
    if (!isKept || this.#deps.isInUse(address)) return false;
    // An operator may have taken it from the container that had it in addition.
    return this.#deps.ipam.lease(poolId, address)?.purpose === 'sticky';
  }

  /** Keeps the address of an endpoint that is gone, if it is a container's own. Says whether it is. */
  async keep({ poolId, address }: LeaseKey): Promise<boolean> {
    const owner = this.ownerOf({ poolId, address });
    const purpose = this.#deps.ipam.lease(poolId, address)?.purpose;
    if (owner === undefined || purpose !== 'endpoint') return owner !== undefined && purpose === 'sticky';
    await this.#deps.ipam.reassignAddress({ poolId, address, purpose: 'sticky', holder: holderOf(owner) });
    this.#note({ poolId, address });
    this.#deps.journal.record({
      kind: 'kept',
      addresses: [address],
      detail: `no endpoint has it; kept for container ${owner.containerName}`,
    });
    return true;
  }

  /**
   * Gives a container that starts its own address back.
   *
   * @param isUsable asked once it is known which address that is
   * @returns its lease, for an endpoint; undefined: it has none, or not a usable one
   */
  async takeBack(
    {
      poolId,
      containerId,
      networkId,
    }: { readonly poolId: string; readonly containerId: string; readonly networkId: string },
    isUsable: (address: string) => Promise<boolean>,
  ): Promise<Lease | undefined> {
    const own = this.of(containerId, networkId)?.addresses.find((address) => address.poolId === poolId);
    return own === undefined ? undefined : await this.#take({ poolId, address: own.address }, isUsable);
  }

  /**
   * Takes the address that has been kept for longest from its container, for somebody who would get none otherwise.
   *
   * @returns its lease, for an endpoint; undefined: there is no usable one
   */
  async takeOldest(poolId: string, isUsable: (address: string) => Promise<boolean>): Promise<Lease | undefined> {
    for (const address of this.idle(poolId)) {
      const lease = await this.#take({ poolId, address }, isUsable);
      if (lease === undefined) continue;
      await this.disown(lease, 'the pool has no other free address');
      return lease;
    }
    return undefined;
  }

  /** Does `work` if no endpoint has the address, which nobody gets meanwhile. Says whether it was done. */
  async whileIdle(lease: LeaseKey, work: () => Promise<void>): Promise<boolean> {
    return await this.#deps.lock.run(lockOf(lease), async () => {
      if (!this.isIdle(lease)) return false;
      await work();
      if (this.#deps.isInUse(lease.address)) this.#lend(lease);
      return true;
    });
  }

  /** Frees an address that is kept, since somebody names it. Says whether it was. */
  async giveUp({ poolId, address }: LeaseKey): Promise<boolean> {
    return await this.#deps.lock.run(lockOf({ poolId, address }), async () => {
      if (!this.isIdle({ poolId, address })) return false;
      this.#forget({ poolId, address });
      await this.#deps.ipam.releaseAddress({ poolId, address });
      await this.disown({ poolId, address }, 'it was asked for by name');
      return true;
    });
  }

  /** The address is a container's own from now on; one of the same family that was its own before is not any more. */
  async own(owner: Owner, networkId: string, address: LeasedAddress): Promise<void> {
    const id = keptId(owner.id, networkId);
    await this.#change(id, (before) => {
      const others = before?.addresses.filter(({ family }) => family !== address.family) ?? [];
      return { id, containerId: owner.id, containerName: owner.name, networkId, addresses: [...others, address] };
    });
  }

  /** The address is nobody's own any more. */
  async disown({ poolId, address }: LeaseKey, why: string): Promise<void> {
    const owner = this.ownerOf({ poolId, address });
    if (owner === undefined) return;
    await this.#change(owner.id, (before) => {
      const addresses = before?.addresses.filter((each) => each.poolId !== poolId || each.address !== address) ?? [];
      return before === undefined || addresses.length === 0 ? undefined : { ...before, addresses };
    });
    const detail = `no longer kept for container ${owner.containerName}: ${why}`;
    this.#deps.journal.record({ kind: 'moved', addresses: [address], detail });
    this.#deps.logger.info({ address, container: owner.containerName }, detail);
  }

  /** The container has another name. */
  async rename(owner: Owner): Promise<void> {
    for (const { id, containerId, containerName } of this.all()) {
      if (containerId !== owner.id || containerName === owner.name) continue;
      await this.#change(id, (before) => before && { ...before, containerName: owner.name });
    }
  }

  /** Frees what is kept for a container that is no more, or on a network that it has left. */
  async forget(isMeant: (record: KeptRecord) => boolean, detail: string): Promise<void> {
    for (const record of this.all().filter(isMeant)) {
      await this.#change(record.id, () => undefined);
      for (const { poolId, address } of record.addresses) await this.#free({ poolId, address }, detail);
    }
  }

  /** How many addresses are kept while no endpoint has them, by pool. */
  count(poolId: string): number {
    return [...this.idle(poolId)].length;
  }

  async #take(lease: LeaseKey, isUsable: (address: string) => Promise<boolean>): Promise<Lease | undefined> {
    return await this.#deps.lock.run(lockOf(lease), async () => {
      if (!this.isIdle(lease) || !(await isUsable(lease.address)) || !this.isIdle(lease)) return undefined;
      const taken = { poolId: lease.poolId, address: lease.address, purpose: 'endpoint' } as const;
      await this.#deps.ipam.reassignAddress(taken);
      this.#forget(lease);
      return taken;
    });
  }

  async #free(lease: LeaseKey, detail: string): Promise<void> {
    await this.#deps.lock.run(lockOf(lease), async () => {
      const isIdle = this.isIdle(lease);
      this.#forget(lease);
      if (!isIdle || !(await this.#deps.ipam.releaseAddress(lease))) return;
      this.#deps.journal.record({ kind: 'released', addresses: [lease.address], detail });
    });
  }

  /** An address of a record of the previous run: leased for it, unless an endpoint has it, or somebody else. */
  async #restore(record: KeptRecord, address: LeasedAddress): Promise<void> {
    const { ipam, isInUse } = this.#deps;
    const key = { poolId: address.poolId, address: address.address };
    const lease = ipam.pool(key.poolId) && ipam.lease(key.poolId, key.address);
    if (lease?.purpose === 'sticky' && isInUse(key.address)) this.#lend(key);
    else if (lease?.purpose === 'sticky') this.#note(key);
    else if (lease?.purpose === 'endpoint' && !isInUse(key.address)) await this.keep(key);
    else if (lease === undefined) await this.#leaseAgain(record, key);
  }

  async #leaseAgain(record: KeptRecord, key: LeaseKey): Promise<void> {
    const { ipam, logger } = this.#deps;
    try {
      if (ipam.pool(key.poolId) === undefined) return;
      await ipam.requestAddress({ ...key, purpose: 'sticky', holder: holderOf(record) });
      this.#note(key);
    } catch (error) {
      if (!isIpamError(error)) throw error;
      logger.debug({ ...key, err: error }, 'an address cannot be kept for its container any more');
    }
  }

  /** One change of a record at a time; undefined removes it. */
  async #change(id: string, change: (before: KeptRecord | undefined) => KeptRecord | undefined): Promise<void> {
    await this.#deps.lock.run(`kept ${id}`, async () => {
      const before = this.#records.get(id);
      const after = change(before);
      if (after !== undefined) await this.#deps.repository.put(after);
      else if (before !== undefined) await this.#deps.repository.remove(id);
      if (before !== undefined) this.#unset(before);
      if (after !== undefined) this.#set(after);
    });
  }

  #set(record: KeptRecord): void {
    this.#records.set(record.id, record);
    for (const { poolId, address } of record.addresses) {
      const owners = this.#owners.get(poolId) ?? new Map<string, string>();
      this.#owners.set(poolId, owners.set(address, record.id));
    }
  }

  #unset(record: KeptRecord): void {
    this.#records.delete(record.id);
    for (const { poolId, address } of record.addresses) this.#owners.get(poolId)?.delete(address);
  }

  #note({ poolId, address }: LeaseKey): void {
    const kept = this.#kept.get(poolId) ?? new Set<string>();
    kept.delete(address);
    this.#kept.set(poolId, kept.add(address));
  }

  #lend({ poolId, address }: LeaseKey): void {
    this.#kept.get(poolId)?.delete(address);
    this.#lent.add(lockOf({ poolId, address }));
  }

  #forget({ poolId, address }: LeaseKey): void {
    this.#kept.get(poolId)?.delete(address);
    this.#lent.delete(lockOf({ poolId, address }));
  }
}

/** What the lease of a kept address says of its holder. */
function holderOf({ containerName }: KeptRecord): string {
  return `container ${containerName}, for which it is kept`;
}

function lockOf({ poolId, address }: LeaseKey): string {
  return `kept ${poolId} ${address}`;
}
