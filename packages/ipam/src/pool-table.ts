import { type AddressValue, formatAddress, type Prefix } from '@routed/addresses';
import { AddressSet } from './address-set.ts';
import { automaticRange, derivedPoint } from './address-range.ts';
import type { Bounds } from './address-range.ts';
import { parsePrefix } from './address.ts';
import type { Lease, Pool } from './contract.ts';

type LeaseRecord = Pick<Lease, 'purpose' | 'holder'>;

/** One prefix of one address space. Pools with different sub-pools of it share its addresses. */
export interface AddressBlock {
  readonly key: string;
  readonly used: AddressSet;
  readonly members: Set<OpenPool>;
}

/** A pool in memory: its record, its leases, and where automatic allocation goes on. */
export class OpenPool {
  pool: Pool;
  /** Where the search for the next automatic address begins. Not stored: it starts afresh with the process. */
  cursor: bigint;
  readonly prefix: Prefix;
  readonly automatic: Bounds;
  readonly block: AddressBlock;
  readonly #hostIdentity: string | undefined;
  // Keyed by number, and without the address and pool id in each record: a full /12 has a million of them.
  readonly #leases = new Map<bigint, LeaseRecord>();

  constructor(pool: Pool, block: AddressBlock, hostIdentity: string | undefined) {
    this.pool = pool;
    this.block = block;
    this.prefix = parsePrefix(pool.prefix);
    this.automatic = automaticRange(this.prefix, parsePrefix(pool.subPool ?? pool.prefix));
    this.#hostIdentity = hostIdentity;
    this.cursor = this.ownPlaceIn(this.automatic);
  }

  /** Where this host begins: another place than other hosts; the beginning without a host identity. */
  ownPlaceIn(range: Bounds): bigint {
    if (this.#hostIdentity === undefined) return range.first;
    return derivedPoint(range, `${this.#hostIdentity} ${this.pool.id}`);
  }

  get leaseCount(): number {
    return this.#leases.size;
  }

  /** Where to look when an address is taken elsewhere: another place on every host, and at every try. */
  placeAfter(value: bigint, attempt: number): bigint {
    return derivedPoint(this.automatic, [this.#hostIdentity ?? '', this.pool.id, value, attempt].join(' '));
  }

  textOf(value: bigint): string {
    return formatAddress({ family: this.prefix.family, value });
  }

  leaseAt({ family, value }: AddressValue): Lease | undefined {
    const record = family === this.prefix.family ? this.#leases.get(value) : undefined;
    return record && { poolId: this.pool.id, address: this.textOf(value), ...record };
  }

  *leases(): Generator<Lease> {
    for (const [value, record] of this.#leases) {
      yield { poolId: this.pool.id, address: this.textOf(value), ...record };
    }
  }

  /** Adds the lease of an address nobody has, or replaces the one this pool has. */
  setLease(value: bigint, { purpose, holder }: LeaseRecord): void {
    if (!this.#leases.has(value)) this.block.used.add(value);
    this.#leases.set(value, holder === undefined ? withoutHolder[purpose] : { purpose, holder });
  }

  deleteLease(value: bigint): void {
    if (this.#leases.delete(value)) this.block.used.delete(value);
  }

  /** Leaves the block, with all leases. */
  close(): void {
    this.block.members.delete(this);
    if (this.block.members.size === 0) return;
    for (const value of this.#leases.keys()) this.block.used.delete(value);
  }
}

/** All pools in memory, by id and by the block they share. */
export class PoolTable {
  readonly #hostIdentity: string | undefined;
  readonly #pools = new Map<string, OpenPool>();
  readonly #blocks = new Map<string, AddressBlock>();

  constructor(hostIdentity: string | undefined) {
    this.#hostIdentity = hostIdentity;
  }

  get(poolId: string): OpenPool | undefined {
    return this.#pools.get(poolId);
  }

  records(): Pool[] {
    return Array.from(this.#pools.values(), ({ pool }) => pool);
  }

  add(pool: Pool): OpenPool {
    const key = `${pool.addressSpace}/${pool.prefix}`;
    const block = this.#blocks.get(key) ?? { key, used: new AddressSet(), members: new Set() };
    const opened = new OpenPool(pool, block, this.#hostIdentity);
    this.#blocks.set(key, block);
    block.members.add(opened);
    this.#pools.set(pool.id, opened);
    return opened;
  }

  remove(opened: OpenPool): void {
    opened.close();
    this.#pools.delete(opened.pool.id);
    if (opened.block.members.size === 0) this.#blocks.delete(opened.block.key);
  }
}

const withoutHolder: Readonly<Record<Lease['purpose'], LeaseRecord>> = {
  endpoint: { purpose: 'endpoint' },
  additional: { purpose: 'additional' },
  sticky: { purpose: 'sticky' },
  gateway: { purpose: 'gateway' },
  auxiliary: { purpose: 'auxiliary' },
};
