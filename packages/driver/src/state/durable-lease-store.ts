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
    async *loadLeases(poolId) {
      const wanted = { kind: 'leases', shape: RECORD_SHAPES.leases, range: ofPool(poolId) };
      for await (const record of readRecords(database, wanted)) {
        const lease = withPurpose(record);
        if (lease !== record) await leases.put(leaseKey(lease), lease);
        yield lease;
      }
    },
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

/**
 * Older releases tell an auxiliary address from a container's by its holder alone. The holder stays as it is, so that
 * they still do after a downgrade.
 */
function withPurpose(lease: Lease): Lease {
  const isAuxiliary = lease.purpose === 'endpoint' && lease.holder?.startsWith('auxiliary address ');
  return isAuxiliary ? { ...lease, purpose: 'auxiliary' } : lease;
}

function leaseKey({ poolId, address }: LeaseKey): string {
  return `${poolId} ${address}`;
}
