import { expect } from 'chai';
import { type Ipam, type LeaseStore, memoryLeaseStore, openIpam } from '../../src/index.ts';
import { rejection } from './rejection.ts';

describe('Ipam pools with users', () => {
  const request = { addressSpace: 'local', prefix: '10.1.0.0/16' };
  const poolId = 'local/10.1.0.0/16';
  let store: LeaseStore;
  let ipam: Ipam;

  beforeEach(async () => {
    store = memoryLeaseStore();
    ipam = await openIpam({ store });
  });

  it('stay until the last user has released them, and so do their leases', async () => {
    await ipam.requestPool({ ...request, user: 'network a' });
    await ipam.requestPool({ ...request, user: 'network b' });
    const { address } = await ipam.requestAddress({ poolId, purpose: 'endpoint' });

    expect(await ipam.releasePool(poolId, 'network a')).to.equal(true);
    expect(ipam.pool(poolId)?.users).to.deep.equal(['network b']);
    expect(ipam.lease(poolId, address)).to.not.equal(undefined);
    expect(await ipam.releasePool(poolId, 'network a')).to.equal(false);
    expect(await ipam.releasePool(poolId, 'network b')).to.equal(true);

    expect(ipam.pools()).to.deep.equal([]);
    expect(await ipam.releasePool(poolId, 'network b')).to.equal(false);
  });

  it('count a user once, however often it asks', async () => {
    await Promise.all(Array.from({ length: 3 }, () => ipam.requestPool({ ...request, user: 'network a' })));

    expect(ipam.pool(poolId)?.users).to.deep.equal(['network a']);
    await ipam.releasePool(poolId, 'network a');
    expect(ipam.pools()).to.deep.equal([]);
  });

  it('are known after a restart', async () => {
    await ipam.requestPool({ ...request, user: 'network a' });
    await ipam.requestPool({ ...request, user: 'network b' });

    const again = await openIpam({ store });
    await again.releasePool(poolId, 'network b');

    expect(again.pool(poolId)?.users).to.deep.equal(['network a']);
  });

  it('refuse everything that would take them from their users, naming these', async () => {
    await ipam.requestPool({ ...request, user: 'network a' });
    await ipam.requestPool({ ...request, user: 'network b' });

    for (const task of [
      () => ipam.releasePool(poolId),
      () => ipam.requestPool(request),
      () => ipam.requestPool({ ...request, user: 'network c', isExclusive: true }),
      () => ipam.claimPool(poolId, 'network c'),
    ]) {
      const { message } = await rejection('POOL_IN_USE', task);
      expect(message).to.contain(`pool ${poolId} is in use by network a and 1 more: `);
    }
    expect(ipam.pool(poolId)?.users).to.deep.equal(['network a', 'network b']);
  });

  it('begin with the first user of a pool that is there, and not of one that is claimed', async () => {
    await ipam.requestAddress({ poolId, purpose: 'gateway' });
    await ipam.requestPool({ ...request, user: 'network a' });
    expect(ipam.usage(poolId).leased).to.equal(1);
    await ipam.releasePool(poolId, 'network a');

    await ipam.requestPool(request);
    await ipam.claimPool(poolId, 'network z');
    await rejection('POOL_IN_USE', () => ipam.requestPool({ ...request, user: 'network a' }));
    expect(await ipam.releasePool(poolId, 'network a')).to.equal(false);
  });

  it('change nothing if the store fails', async () => {
    await ipam.requestPool({ ...request, user: 'network a' });
    store.putPool = () => Promise.reject(new Error('disk full'));

    for (const task of [
      () => ipam.requestPool({ ...request, user: 'network b' }),
      () => ipam.requestPool({ addressSpace: 'local', prefix: '10.2.0.0/16', user: 'network b' }),
    ]) {
      expect(await task().catch((error: unknown) => (error as Error).message)).to.equal('disk full');
    }

    expect(ipam.pools().map(({ id, users }) => [id, users])).to.deep.equal([[poolId, ['network a']]]);
  });

  it('have names', async () => {
    await rejection('INVALID_USER', () => ipam.requestPool({ ...request, user: '' }));
    await rejection('INVALID_USER', () => ipam.releasePool(poolId, ''));
  });
});
