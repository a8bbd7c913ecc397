import { readRecords, recordsOf, type StateDatabase } from '@routed/store';
import type { Lease, LeaseKey, LeaseStore, Pool } from '@routed/ipam';
import { RECORD_SHAPES } from './record-shapes.ts';

/** Sorts behind every address of a pool. */
const LAST = '~';

/**
 * Keeps pools where they outlive a power failure, and leases where they outlive this process: after a reboot there
 * is no container that could have one.
 */
export function durableLeaseStore(database: StateDatabase): LeaseStore {
  const pools = recordsOf<Pool>(database, 'pools');
  const leases = recordsOf<Lease>(database, 'leases');
  const ofPool = (poolId: string): { gt: string; lt: string } => ({
    gt: leaseKey({ poolId, address: '' }),
    lt: leaseKey({ poolId, address: LAST }),
  });
  return {
    loadPools: () => readRecords(database, { kind: 'pools', shape: RECORD_SHAPES.pools }),
    loadLeases: (poolId) =>
      readRecords(database, { kind: 'leases', shape: RECORD_SHAPES.leases, range: ofPool(poolId) }),
    putPool: (pool) => database.batch([{ type: 'put', sublevel: pools, key: pool.id, value: pool }], { sync: true }),
    deletePool: async (poolId) => {
      const keys = await leases.keys(ofPool(poolId)).all();
      await database.batch(
        [
          { type: 'del', sublevel: pools, key: poolId },
          ...keys.map((key) => ({ type: 'del', sublevel: leases, key }) as const),
        ],
        { sync: true },
      );
    },
    putLease: (lease) => leases.put(leaseKey(lease), lease),
    deleteLease: (key) => leases.del(leaseKey(key)),
  };
}

function leaseKey({ poolId, address }: LeaseKey): string {
  return `${poolId} ${address}`;
}
