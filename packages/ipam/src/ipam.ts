import { type AddressValue, formatAddress, formatPrefix } from '@routed/addresses';
import { checkExplicitAddress, findFreeAddress } from './allocation.ts';
import { rangeSize } from './address-range.ts';
import { parseAddress, parsePrefix } from './address.ts';
import type { AddressRequest, BlockRequest, Ipam, Lease, LeaseKey, Pool, PoolRequest, PoolUsage } from './contract.ts';
import { IpamError } from './errors.ts';
import { findFreeBlock } from './free-block.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { LeaseStore } from './lease-store.ts';
import { canonicalContent, formatPoolId, parsePoolId } from './pool-id.ts';
import { checkNoOverlap, checkNotConnected, checkNotReserved, ownerOf } from './pool-rules.ts';
import { PoolTable } from './pool-table.ts';
import type { OpenPool } from './pool-table.ts';

/** What {@link openIpam} works with. */
export interface IpamDependencies {
  readonly store: LeaseStore;
}

/** Settings of {@link openIpam}. */
export interface IpamOptions {
  /**
   * Makes automatic allocation in each pool start at a point of its own, so that hosts that share a prefix rarely
   * choose the same address. Default: every pool starts at its lowest address.
   */
  readonly hostIdentity?: string;
}

/**
 * Loads all pools and leases from the store and serves them from memory. One instance per store: changes made to the
 * store by others are not seen. Errors of the store are passed on.
 */
export async function openIpam({ store }: IpamDependencies, options: IpamOptions = {}): Promise<Ipam> {
  const table = new PoolTable(options.hostIdentity);
  for await (const pool of store.loadPools()) {
    const opened = table.add(pool);
    for await (const lease of store.loadLeases(pool.id)) {
      opened.setLease(parseAddress(lease.address).value, lease);
    }
  }
  return new StoredIpam(store, table);
}

/**
 * Two kinds of locks keep memory and store in step: one per address space for changes of its set of pools and their
 * records, one per address block for changes of leases. Who needs both takes them in this order.
 */
class StoredIpam implements Ipam {
  readonly #store: LeaseStore;
  readonly #table: PoolTable;
  readonly #locks = new KeyedLock();

  constructor(store: LeaseStore, table: PoolTable) {
    this.#store = store;
    this.#table = table;
  }

  async requestPool({ connectedPrefixes = [], isExclusive = false, user, ...request }: PoolRequest): Promise<Pool> {
    const content = canonicalContent(request);
    checkUser(user);
    const pool = { id: formatPoolId(content), ...content, ...(user !== undefined && { users: [user] }) };
    return this.#locks.run(pool.addressSpace, async () => {
      const opened = this.#table.get(pool.id);
      const known = opened?.pool;
      if (known?.owner !== undefined) throw claimed(known, known.owner);
      if (known !== undefined && isExclusive) throw claimed(known, usersOf(known) ?? 'an earlier request');
      if (opened !== undefined) return this.#join(opened, user);
      checkNotReserved(pool);
      checkNoOverlap(pool, this.#table.records());
      checkNotConnected(pool, connectedPrefixes);
      await this.#store.putPool(pool);
      return this.#table.add(pool).pool;
    });
  }

  async releasePool(poolId: string, user?: string): Promise<boolean> {
    checkUser(user);
    return this.#withPool(poolId, async (opened) => {
      if (opened === undefined) return false;
      const { users = [], ...rest } = opened.pool;
      if (user === undefined && users.length > 0) throw claimed(opened.pool, usersOf(opened.pool) ?? '');
      if (user !== undefined && !users.includes(user)) return false;
      const left = users.filter((other) => other !== user);
      if (left.length > 0) await this.#put(opened, { ...rest, users: left });
      else await this.#remove(opened);
      return true;
    });
  }

  async claimPool(poolId: string, owner: string): Promise<void> {
    await this.#withPool(poolId, async (opened) => {
      if (opened === undefined) throw unknownPool(poolId);
      const { pool } = opened;
      if (pool.owner === owner) return;
      const others = pool.owner ?? usersOf(pool);
      if (others !== undefined) throw claimed(pool, others);
      await this.#put(opened, { ...pool, owner });
    });
  }

  async unclaimPool(poolId: string, owner: string): Promise<void> {
    await this.#withPool(poolId, async (opened) => {
      if (opened?.pool.owner === undefined) return;
      const { owner: current, ...changed } = opened.pool;
      if (current !== owner) throw claimed(opened.pool, current);
      await this.#put(opened, changed);
    });
  }

  async requestAddress(request: AddressRequest): Promise<Lease> {
    const wanted = request.address === undefined ? undefined : parseAddress(request.address);
    for (;;) {
      if (this.#table.get(request.poolId) === undefined) await this.#reopen(request.poolId);
      const lease = await this.#withLeases(request.poolId, async (opened) => {
        return opened && this.#grant(opened, request, wanted);
      });
      if (lease !== undefined) return lease;
      // The pool was released while this request waited: open it again.
    }
  }

  freeBlock(request: BlockRequest): string | undefined {
    const opened = this.#table.get(request.poolId);
    if (opened === undefined) throw unknownPool(request.poolId);
    return findFreeBlock(opened, request);
  }

  async releaseAddress({ poolId, address }: LeaseKey): Promise<boolean> {
    const wanted = parseAddress(address);
    return this.#withLeases(poolId, async (opened) => {
      const lease = opened?.leaseAt(wanted);
      if (opened === undefined || lease === undefined) return false;
      await this.#store.deleteLease({ poolId, address: lease.address });
      opened.deleteLease(wanted.value);
      return true;
    });
  }

  async reassignAddress({ poolId, address, purpose, holder }: Lease): Promise<void> {
    const wanted = parseAddress(address);
    await this.#withLeases(poolId, async (opened) => {
      if (opened === undefined) throw unknownPool(poolId);
      const lease = opened.leaseAt(wanted);
      if (lease === undefined) throw notLeased(poolId, wanted);
      if (lease.holder === holder && lease.purpose === purpose) return;
      const changed = { poolId, address: lease.address, purpose, ...(holder === undefined ? {} : { holder }) };
      await this.#store.putLease(changed);
      opened.setLease(wanted.value, changed);
    });
  }

  pool(poolId: string): Pool | undefined {
    return this.#table.get(poolId)?.pool;
  }

  pools(): readonly Pool[] {
    return this.#table.records();
  }

  findPools(prefix: string, addressSpace?: string): readonly Pool[] {
    const canonical = formatPrefix(parsePrefix(prefix));
    const isWanted = (pool: Pool): boolean => addressSpace === undefined || pool.addressSpace === addressSpace;
    return this.#table.records().filter((pool) => pool.prefix === canonical && isWanted(pool));
  }

  lease(poolId: string, address: string): Lease | undefined {
    const wanted = parseAddress(address);
    return this.#table.get(poolId)?.leaseAt(wanted);
  }

  leases(poolId: string): Iterable<Lease> {
    return this.#table.get(poolId)?.leases() ?? [];
  }

  usage(poolId: string): PoolUsage {
    const opened = this.#table.get(poolId);
    if (opened === undefined) throw unknownPool(poolId);
    return { size: rangeSize(opened.automatic), leased: opened.leaseCount };
  }

  /** A pool that is there, for one more user, or for a request that nobody counts. */
  async #join(opened: OpenPool, user: string | undefined): Promise<Pool> {
    const { pool } = opened;
    const { users = [] } = pool;
    if (user === undefined && users.length > 0) throw claimed(pool, usersOf(pool) ?? '');
    if (user !== undefined && !users.includes(user)) await this.#put(opened, { ...pool, users: [...users, user] });
    return opened.pool;
  }

  async #put(opened: OpenPool, changed: Pool): Promise<void> {
    await this.#store.putPool(changed);
    opened.pool = changed;
  }

  async #remove(opened: OpenPool): Promise<void> {
    await this.#locks.run(opened.block.key, async () => {
      await this.#store.deletePool(opened.pool.id);
      this.#table.remove(opened);
    });
  }

  async #grant(opened: OpenPool, request: AddressRequest, wanted: AddressValue | undefined): Promise<Lease> {
    const repeated = wanted && checkExplicitAddress(opened, wanted, request);
    if (repeated !== undefined) return repeated;
    const { poolId, purpose, holder } = request;
    const value = wanted?.value ?? (await findFreeAddress(opened, request));
    const lease = { poolId, address: opened.textOf(value), purpose, ...(holder === undefined ? {} : { holder }) };
    await this.#store.putLease(lease);
    opened.setLease(value, lease);
    if (wanted === undefined && purpose !== 'gateway') opened.cursor = value + 1n;
    return lease;
  }

  /** Opens a pool of the previous run from its id alone. */
  async #reopen(poolId: string): Promise<OpenPool> {
    const content = parsePoolId(poolId);
    if (content === undefined) throw unknownPool(poolId);
    return this.#locks.run(content.addressSpace, async () => {
      const known = this.#table.get(poolId);
      if (known !== undefined) return known;
      const pool = { id: poolId, ...content };
      checkNotReserved(pool);
      checkNoOverlap(pool, this.#table.records());
      await this.#store.putPool(pool);
      return this.#table.add(pool);
    });
  }

  /** Runs `work` on a pool while no other pool of its address space changes. */
  async #withPool<T>(poolId: string, work: (opened: OpenPool | undefined) => Promise<T>): Promise<T> {
    const addressSpace = parsePoolId(poolId)?.addressSpace;
    if (addressSpace === undefined) return work(undefined);
    return this.#locks.run(addressSpace, () => work(this.#table.get(poolId)));
  }

  /** Runs `work` on a pool while no other lease of its prefix changes. */
  async #withLeases<T>(poolId: string, work: (opened: OpenPool | undefined) => Promise<T>): Promise<T> {
    const block = this.#table.get(poolId)?.block;
    if (block === undefined) return work(undefined);
    return this.#locks.run(block.key, () => work(this.#table.get(poolId)));
  }
}

function checkUser(user: string | undefined): void {
  if (user !== '') return;
  throw new IpamError('INVALID_USER', "'' is not a user of a pool: expected a name that is not empty");
}

/** Who shares a pool, for an error; undefined when nobody is counted. */
function usersOf({ users = [] }: Pool): string | undefined {
  const [first] = users;
  if (first === undefined || users.length === 1) return first;
  return `${first} and ${users.length - 1} more`;
}

function unknownPool(poolId: string): IpamError {
  return new IpamError('UNKNOWN_POOL', `pool '${poolId}' is not known: request the pool first`, { poolId });
}

function notLeased(poolId: string, wanted: AddressValue): IpamError {
  const address = formatAddress(wanted);
  return new IpamError(
    'ADDRESS_NOT_LEASED',
    `cannot reassign ${address}: it is not leased from pool ${poolId}; request the address first`,
    { poolId, address },
  );
}

function claimed(pool: Pool, owner: string): IpamError {
  return new IpamError(
    'POOL_IN_USE',
    `pool ${pool.id} is in use by ${owner}: remove that first, or choose another prefix`,
    { poolId: pool.id, prefix: pool.prefix, ...ownerOf(pool) },
  );
}
