import assert from 'node:assert/strict';
import type { Lease, Pool } from '../contract.ts';
import type { LeaseStore } from '../lease-store.ts';

/** A store under test. */
export interface LeaseStoreFixture {
  readonly store: LeaseStore;
  /** Ends the store and gives another one with the same data, as after a restart of the process. */
  readonly reopen: () => Promise<LeaseStore>;
  /** Frees everything the fixture holds. */
  readonly close: () => Promise<void>;
}

/** One thing a store must do. */
export interface ConformanceCase {
  /** Says what, as a sentence: a test title. */
  readonly title: string;
  /** Rejects with an `AssertionError` when the store does not. */
  readonly run: () => Promise<void>;
}

/**
 * The tests every {@link LeaseStore} must pass, for any test runner:
 *
 * ```ts
 * for (const { title, run } of leaseStoreConformance(openFixture)) it(title, run);
 * ```
 * @param open gives an empty store; called once for each case
 */
export function leaseStoreConformance(open: () => Promise<LeaseStoreFixture>): readonly ConformanceCase[] {
  return Object.entries(checks).map(([title, check]) => ({
    title,
    async run() {
      const fixture = await open();
      try {
        await check(fixture);
      } finally {
        await fixture.close();
      }
    },
  }));
}

const whole: Pool = { id: 'local/10.0.0.0/8', addressSpace: 'local', family: 4, prefix: '10.0.0.0/8' };
// Its id begins with the id of the other: a careless range scan over keys takes one for the other.
const part: Pool = { ...whole, id: 'local/10.0.0.0/8/10.1.0.0/16', subPool: '10.1.0.0/16' };
const six: Pool = { id: 'local/2001:db8::/64', addressSpace: 'local', family: 6, prefix: '2001:db8::/64' };

const gateway: Lease = { poolId: whole.id, address: '10.0.0.1', purpose: 'gateway' };
const endpoint: Lease = { poolId: whole.id, address: '10.0.0.10', purpose: 'endpoint', holder: 'endpoint 5e1f…' };
const partial: Lease = { poolId: part.id, address: '10.1.0.1', purpose: 'auxiliary', holder: 'router' };
const sixth: Lease = { poolId: six.id, address: '2001:db8::6', purpose: 'endpoint' };

const checks: Readonly<Record<string, (fixture: LeaseStoreFixture) => Promise<void>>> = {
  async 'is empty at first'({ store }) {
    await expectContent(store, [], []);
  },
  async 'gives back pools and leases as they were put'({ store }) {
    await fill(store);

    await expectContent(store, [whole, part, six], [gateway, endpoint, partial, sixth]);
  },
  async 'keeps everything across a restart'({ store, reopen }) {
    await fill(store);
    await store.deleteLease(gateway);
    await store.deletePool(six.id);

    await expectContent(await reopen(), [whole, part], [endpoint, partial]);
  },
  async 'replaces a pool and keeps its leases'({ store }) {
    await fill(store);
    const claimed = { ...whole, owner: 'network 3f2a…' };

    await store.putPool(claimed);
    await expectContent(store, [claimed, part, six], [gateway, endpoint, partial, sixth]);
    await store.putPool(whole);
    await expectContent(store, [whole, part, six], [gateway, endpoint, partial, sixth]);
  },
  async 'replaces a lease'({ store }) {
    await fill(store);
    const held = { ...gateway, holder: 'somebody' };

    await store.putLease(held);
    await expectContent(store, [whole, part, six], [held, endpoint, partial, sixth]);
    await store.putLease(gateway);
    await expectContent(store, [whole, part, six], [gateway, endpoint, partial, sixth]);
  },
  async 'deletes one lease and no other'({ store }) {
    await fill(store);

    // 10.0.0.1 is the beginning of 10.0.0.10.
    await store.deleteLease({ poolId: gateway.poolId, address: gateway.address });

    await expectContent(store, [whole, part, six], [endpoint, partial, sixth]);
  },
  async 'deletes a pool with its leases and no other'({ store }) {
    await fill(store);

    await store.deletePool(whole.id);

    await expectContent(store, [part, six], [partial, sixth]);
    await store.putPool(whole);
    await expectContent(store, [whole, part, six], [partial, sixth]);
  },
  async 'deletes what is not there without complaint'({ store }) {
    await store.deletePool(whole.id);
    await store.deleteLease({ poolId: whole.id, address: '10.0.0.1' });

    await expectContent(store, [], []);
  },
  async 'takes many changes at once'({ store, reopen }) {
    const leases = Array.from({ length: 1000 }, (_, index): Lease => {
      return { poolId: six.id, address: `2001:db8::1:${index.toString(16)}`, purpose: 'endpoint' };
    });
    const released = leases.filter((_, index) => index % 3 === 0);

    await store.putPool(six);
    await Promise.all(leases.map((lease) => store.putLease(lease)));
    await Promise.all(released.map((lease) => store.deleteLease(lease)));

    const kept = leases.filter((lease) => !released.includes(lease));
    await expectContent(store, [six], kept);
    await expectContent(await reopen(), [six], kept);
  },
};

async function fill(store: LeaseStore): Promise<void> {
  for (const pool of [whole, part, six]) await store.putPool(pool);
  for (const lease of [gateway, endpoint, partial, sixth]) await store.putLease(lease);
}

async function expectContent(store: LeaseStore, pools: readonly Pool[], leases: readonly Lease[]): Promise<void> {
  assert.deepEqual(await collect(store.loadPools()), sorted(pools), 'pools');
  for (const { id } of [whole, part, six]) {
    const expected = leases.filter(({ poolId }) => poolId === id);
    assert.deepEqual(await collect(store.loadLeases(id)), sorted(expected), `leases of ${id}`);
  }
}

async function collect<T>(items: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return sorted(found);
}

function sorted<T>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

// The order of fields does not matter.
function keyOf(item: unknown): string {
  return JSON.stringify(Object.entries(item as object).toSorted());
}
