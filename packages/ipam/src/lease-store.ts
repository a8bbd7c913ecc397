import type { Lease, LeaseKey, Pool } from './contract.ts';

/**
 * Where pools and leases outlive the process.
 *
 * A promise returned by a writing method resolves when the change will survive the death of the process; when it
 * rejects, nothing has been written. Records come back as they were put. `leaseStoreConformance` of
 * `@routed/ipam/testing` checks an implementation.
 */
export interface LeaseStore {
  /** Every pool, in any order. */
  loadPools(): Iterable<Pool> | AsyncIterable<Pool>;
  /** Every lease of one pool, in any order; none when the pool is unknown. */
  loadLeases(poolId: string): Iterable<Lease> | AsyncIterable<Lease>;
  /** Adds the pool, or replaces the one with the same id; its leases stay. */
  putPool(pool: Pool): Promise<void>;
  /** Removes the pool and all its leases in one step; does nothing when it is unknown. */
  deletePool(poolId: string): Promise<void>;
  /** Adds the lease, or replaces the one with the same pool and address. */
  putLease(lease: Lease): Promise<void>;
  /** Removes the lease; does nothing when there is none. */
  deleteLease(key: LeaseKey): Promise<void>;
}

/** A store that lasts as long as the process: for tests, and for callers that need no more. */
export function memoryLeaseStore(): LeaseStore {
  const pools = new Map<string, Pool>();
  const leases = new Map<string, Map<string, Lease>>();

  return {
    loadPools: () => pools.values(),
    loadLeases: (poolId) => leases.get(poolId)?.values() ?? [],
    putPool(pool) {
      pools.set(pool.id, pool);
      return Promise.resolve();
    },
    deletePool(poolId) {
      pools.delete(poolId);
      leases.delete(poolId);
      return Promise.resolve();
    },
    putLease(lease) {
      const ofPool = leases.get(lease.poolId) ?? new Map<string, Lease>();
      leases.set(lease.poolId, ofPool.set(lease.address, lease));
      return Promise.resolve();
    },
    deleteLease({ poolId, address }) {
      leases.get(poolId)?.delete(address);
      return Promise.resolve();
    },
  };
}
