import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { isIpamError, memoryLeaseStore, openIpam } from '../../src/index.ts';
import type { Ipam, Lease, LeaseStore } from '../../src/index.ts';

const [four, six] = ['local/10.1.0.0/28', 'local/2001:db8::/124'] as const;

/** Everything a caller can see. */
function contentOf(ipam: Ipam): unknown {
  const key = (item: object): string => JSON.stringify(item);
  const pools = ipam.pools().toSorted((a, b) => a.id.localeCompare(b.id));
  return pools.map((pool) => ({
    pool,
    usage: ipam.usage(pool.id),
    leases: Array.from(ipam.leases(pool.id), key).toSorted(),
  }));
}

/** A store that takes its time and fails when told to. */
function unreliableStore(): LeaseStore & { shouldFail: boolean } {
  const store = memoryLeaseStore();
  const slowly =
    <A>(write: (argument: A) => Promise<void>) =>
    async (argument: A): Promise<void> => {
      await setImmediate();
      if (unreliable.shouldFail) throw new Error('disk full');
      await write(argument);
    };
  const unreliable = {
    shouldFail: false,
    loadPools: () => store.loadPools(),
    loadLeases: (poolId: string) => store.loadLeases(poolId),
    putPool: slowly(store.putPool.bind(store)),
    deletePool: slowly(store.deletePool.bind(store)),
    putLease: slowly(store.putLease.bind(store)),
    deleteLease: slowly(store.deleteLease.bind(store)),
  };
  return unreliable;
}

type Change = (ipam: Ipam) => Promise<unknown>;

const changes: Readonly<Record<string, Change>> = {
  'a new pool': (ipam) => ipam.requestPool({ addressSpace: 'local', prefix: '10.9.0.0/16' }),
  'a pool opened again from its id': (ipam) =>
    ipam.requestAddress({ poolId: 'local/10.9.0.0/16', purpose: 'endpoint' }),
  'a released pool': (ipam) => ipam.releasePool(four),
  'a claim': (ipam) => ipam.claimPool(four, 'network 3f2a'),
  'a claim given back': (ipam) => ipam.unclaimPool(six, 'network 77'),
  'an explicit lease': (ipam) => ipam.requestAddress({ poolId: four, address: '10.1.0.9', purpose: 'endpoint' }),
  'an automatic lease': (ipam) => ipam.requestAddress({ poolId: six, purpose: 'endpoint', holder: 'web' }),
  'a gateway lease': (ipam) => ipam.requestAddress({ poolId: six, purpose: 'gateway' }),
  'a released address': (ipam) => ipam.releaseAddress({ poolId: four, address: '10.1.0.1' }),
  'another holder': (ipam) =>
    ipam.reassignAddress({ poolId: four, address: '10.1.0.1', purpose: 'auxiliary', holder: 'web' }),
};

async function openFilled(store: LeaseStore): Promise<Ipam> {
  const ipam = await openIpam({ store }, { hostIdentity: 'host' });
  await ipam.requestPool({ addressSpace: 'local', prefix: '10.1.0.0/28' });
  await ipam.requestPool({ addressSpace: 'local', prefix: '2001:db8::/124' });
  await ipam.claimPool(six, 'network 77');
  await ipam.requestAddress({ poolId: four, address: '10.1.0.1', purpose: 'gateway' });
  return ipam;
}

describe('durability', () => {
  for (const [what, change] of Object.entries(changes)) {
    describe(`of ${what}`, () => {
      it('is invisible until the store has it, and then survives a restart', async () => {
        const store = unreliableStore();
        const ipam = await openFilled(store);
        const before = contentOf(ipam);

        const changing = change(ipam);
        expect(contentOf(ipam)).to.deep.equal(before);
        await changing;

        expect(contentOf(ipam)).not.to.deep.equal(before);
        expect(contentOf(await openIpam({ store }))).to.deep.equal(contentOf(ipam));
      });

      it('changes nothing when the store fails, passes the error on, and works the next time', async () => {
        const store = unreliableStore();
        const ipam = await openFilled(store);
        const before = contentOf(ipam);

        store.shouldFail = true;
        const failure = await change(ipam).catch((error: unknown) => String(error));
        store.shouldFail = false;

        expect(failure).to.equal('Error: disk full');
        expect(contentOf(ipam)).to.deep.equal(before);
        await change(ipam);
        expect(contentOf(ipam)).not.to.deep.equal(before);
      });
    });
  }

  it('gives the address that could not be stored to the next request', async () => {
    const store = unreliableStore();
    const ipam = await openFilled(store);
    const first = await ipam.requestAddress({ poolId: six, purpose: 'endpoint' });
    const request = { poolId: six, purpose: 'endpoint' } as const;

    store.shouldFail = true;
    await ipam.requestAddress(request).catch(() => undefined);
    store.shouldFail = false;
    const second = await ipam.requestAddress(request);

    expect(BigInt(`0x${second.address.split('::')[1]!}`) - BigInt(`0x${first.address.split('::')[1]!}`)).to.equal(1n);
  });

  it('loads after any history what it had, whatever the store refused', async () => {
    const step = fc.record({ change: fc.constantFrom(...Object.values(changes)), shouldFail: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const store = unreliableStore();
        const ipam = await openFilled(store);

        for (const { change, shouldFail } of steps) {
          store.shouldFail = shouldFail;
          await change(ipam).catch((error: unknown) => {
            if (!shouldFail && !isIpamError(error)) throw error;
          });
        }

        expect(contentOf(await openIpam({ store }))).to.deep.equal(contentOf(ipam));
      }),
      { numRuns: 50 },
    );
  });
});

describe('concurrency', () => {
  const endpoint = (poolId: string) => ({ poolId, purpose: 'endpoint' }) as const;

  it('gives 100 requests at once 100 addresses', async () => {
    const ipam = await openIpam({ store: unreliableStore() });

    const leases = await Promise.all(
      Array.from({ length: 100 }, () => ipam.requestAddress(endpoint('local/10.1.0.0/16'))),
    );

    expect(new Set(leases.map(({ address }) => address)).size).to.equal(100);
    expect(ipam.pools()).to.have.lengthOf(1);
  });

  it('gives an address wanted by two to one of them', async () => {
    const ipam = await openIpam({ store: unreliableStore() });
    const request = { ...endpoint(four), address: '10.1.0.9' };

    const results = await Promise.allSettled([ipam.requestAddress(request), ipam.requestAddress(request)]);

    expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('lets a pool go on while another waits', async () => {
    const ipam = await openIpam({ store: memoryLeaseStore() });
    let letGo: (isTaken: boolean) => void = () => undefined;
    const blocked = new Promise<boolean>((resolve) => (letGo = resolve));
    const waiting = ipam.requestAddress({ ...endpoint(four), isTaken: () => blocked });

    expect(await ipam.requestAddress(endpoint(six))).to.include({ poolId: six });

    letGo(false);
    expect(await waiting).to.include({ poolId: four });
  });

  it('opens a pool again for a request that waited while the pool was released', async () => {
    const store = unreliableStore();
    const ipam = await openFilled(store);
    let requested: Promise<Lease> | undefined;
    const deletePool = store.deletePool.bind(store);
    store.deletePool = (poolId) => {
      requested = ipam.requestAddress(endpoint(four));
      return deletePool(poolId);
    };

    await ipam.releasePool(four);
    const lease = await requested;

    expect([...ipam.leases(four)]).to.deep.equal([lease]);
    expect(contentOf(await openIpam({ store }))).to.deep.equal(contentOf(ipam));
  });
});
