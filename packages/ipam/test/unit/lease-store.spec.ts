import { memoryLeaseStore } from '../../src/index.ts';
import { leaseStoreConformance } from '../../src/testing/index.ts';

describe('memoryLeaseStore', () => {
  const open = () => {
    const store = memoryLeaseStore();
    return Promise.resolve({ store, reopen: () => Promise.resolve(store), close: () => Promise.resolve() });
  };
  for (const { title, run } of leaseStoreConformance(open)) it(title, run);
});
