import { expect } from 'chai';
import { memoryLeaseStore } from '../../src/index.ts';
import type { LeaseStore } from '../../src/index.ts';
import { leaseStoreConformance } from '../../src/testing/index.ts';

describe('memoryLeaseStore', () => {
  const open = () => {
    const store = memoryLeaseStore();
    return Promise.resolve({ store, reopen: () => Promise.resolve(store), close: () => Promise.resolve() });
  };
  for (const { title, run } of leaseStoreConformance(open)) it(title, run);
});

describe('leaseStoreConformance', () => {
  const failures = async (spoil: (store: LeaseStore) => Partial<LeaseStore>): Promise<string[]> => {
    const open = () => {
      const store = memoryLeaseStore();
      const reopen = () => Promise.resolve(memoryLeaseStore());
      return Promise.resolve({ store: { ...store, ...spoil(store) }, reopen, close: () => Promise.resolve() });
    };
    const failed: string[] = [];
    for (const { title, run } of leaseStoreConformance(open)) await run().catch(() => failed.push(title));
    return failed;
  };
  const forgetful = ['keeps everything across a restart', 'takes many changes at once'];

  it('notices a store that forgets at a restart', async () => {
    expect(await failures(() => ({}))).to.deep.equal(forgetful);
  });

  it('notices a store that takes one pool id for the beginning of another', async () => {
    const failed = await failures((store) => ({
      async deletePool(poolId) {
        for (const { id } of [...(store.loadPools() as Iterable<{ id: string }>)]) {
          if (id.startsWith(poolId)) await store.deletePool(id);
        }
      },
    }));

    expect(failed).to.deep.equal([forgetful[0], 'deletes a pool with its leases and no other', forgetful[1]]);
  });

  it('notices a store that ignores the release of an address', async () => {
    const failed = await failures(() => ({ deleteLease: () => Promise.resolve() }));

    expect(failed).to.include('deletes one lease and no other');
  });
});
