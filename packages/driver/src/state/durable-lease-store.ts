import { readRecords, recordsOf, type RecentWrites, type StateDatabase } from '@routed/store';
import type { Lease, LeaseKey, LeaseStore } from '@routed/ipam';
import { RECORD_SHAPES } from './record-shapes.ts';

/** Sorts behind every address of a pool. */
const LAST = '~';

/**
 * Keeps pools where they outlive a power failure, and leases where they outlive this process: after a reboot there
 * is no container that could have one.
 */
export function durableLeaseStore(database: StateDatabase, recent: RecentWrites): LeaseStore {
  const leases = recordsOf<Lease>(database, 'leases');
  const putLease = (lease: Lease): Promise<void> =>
    recent.write([{ kind: 'leases', key: leaseKey(lease), value: lease }]);
  const ofPool = (poolId: string): { gt: string; lt: string } => ({
    gt: leaseKey({ poolId, address: '' }),
    lt: leaseKey({ poolId, address: LAST }),
  });
  return {
    loadPools: () => readRecords(database, { kind: 'pools', shape: RECORD_SHAPES.pools }),
    async *loadLeases(poolId) {
      await recent.flush();
      const wanted = { kind: 'leases', shape: RECORD_SHAPES.leases, range: ofPool(poolId) };
      for await (const record of readRecords(database, wanted)) {
        const lease = withPurpose(record);
        if (lease !== record) await putLease(lease);
        yield lease;
      }
    },
    putPool: (pool) => recent.write([{ kind: 'pools', key: pool.id, value: pool }], { isSynced: true }),
    deletePool: async (poolId) => {
      await recent.flush();
      const keys = await leases.keys(ofPool(poolId)).all();
      await recent.write([{ kind: 'pools', key: poolId }, ...keys.map((key) => ({ kind: 'leases', key }))], {
        isSynced: true,
      });
    },
    putLease,
    deleteLease: (key) => recent.write([{ kind: 'leases', key: leaseKey(key) }]),
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
