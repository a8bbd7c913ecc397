import { expect } from 'chai';
import type { Ipam } from '../../src/index.ts';
import { ipamWithPool, nextAddress, poolId } from './ipam-with-pool.ts';
import { rejection } from './rejection.ts';

describe('Ipam addresses', () => {
  let ipam: Ipam;
  const next = (id = poolId): Promise<string> => nextAddress(ipam, id);
  beforeEach(async () => {
    ipam = await ipamWithPool();
  });

  describe('requestAddress for an explicit address', () => {
    it('leases it, in canonical text', async () => {
      const six = 'local/2001:db8::/64';
      const lease = await ipam.requestAddress({
        poolId: six,
        address: '2001:DB8:0::7',
        purpose: 'endpoint',
        holder: 'web',
      });

      expect(lease).to.deep.equal({ poolId: six, address: '2001:db8::7', purpose: 'endpoint', holder: 'web' });
      expect(ipam.lease(six, '2001:db8:0:0::7')).to.deep.equal(lease);
    });

    it('refuses one that is leased, naming address and holder', async () => {
      await ipam.requestAddress({ poolId, address: '10.1.0.9', purpose: 'endpoint', holder: 'endpoint 5e1f' });

      const error = await rejection('ADDRESS_IN_USE', () =>
        ipam.requestAddress({ poolId, address: '10.1.0.9', purpose: 'endpoint' }),
      );

      expect(error).to.include({ poolId, address: '10.1.0.9', holder: 'endpoint 5e1f' });
      expect(error.message).to.equal(
        `cannot lease 10.1.0.9 from pool ${poolId}: in use by endpoint 5e1f; choose another address or release it ` +
          'first (ADDRESS_IN_USE)',
      );
    });

    it('names the purpose when the lease has no holder', async () => {
      await ipam.requestAddress({ poolId, purpose: 'gateway' });

      const error = await rejection('ADDRESS_IN_USE', () =>
        ipam.requestAddress({ poolId, address: '10.1.0.1', purpose: 'endpoint' }),
      );

      expect(error.message).to.include('10.1.0.1').and.include('in use by gateway');
    });

    it('returns the lease to the holder who asks again for the same purpose', async () => {
      const request = { poolId, address: '10.1.0.9', purpose: 'endpoint', holder: 'web' } as const;
      const lease = await ipam.requestAddress(request);

      expect(await ipam.requestAddress(request)).to.deep.equal(lease);
      expect(ipam.usage(poolId).leased).to.equal(1);
      await rejection('ADDRESS_IN_USE', () => ipam.requestAddress({ ...request, purpose: 'gateway' }));
    });

    it('refuses one leased through another pool of the prefix, naming that pool', async () => {
      const [one, two] = ['local/10.2.0.0/16/10.2.1.0/24', 'local/10.2.0.0/16/10.2.2.0/24'] as const;
      await ipam.requestAddress({ poolId: one, address: '10.2.2.0', purpose: 'endpoint', holder: 'web' });

      const error = await rejection('ADDRESS_IN_USE', () =>
        ipam.requestAddress({ poolId: two, address: '10.2.2.0', purpose: 'endpoint', holder: 'web' }),
      );

      expect(error.message).to.include(`from pool ${two}: in use by web (through pool ${one})`);
      expect(await next(two)).to.equal('10.2.2.1');
    });

    for (const address of ['10.1.1.0', '10.0.255.255', '2001:db8::1']) {
      it(`refuses ${address} outside the pool, naming both`, async () => {
        const error = await rejection('OUTSIDE_POOL', () =>
          ipam.requestAddress({ poolId, address, purpose: 'endpoint' }),
        );

        expect(error).to.include({ poolId, address });
        expect(error.message)
          .to.include(`cannot lease ${address} from pool ${poolId}: it is not part of 10.1.0.0/24`)
          .and.include('choose an address inside the prefix');
      });
    }

    for (const [address, meaning] of [
      ['10.1.0.0', 'network'],
      ['10.1.0.255', 'broadcast'],
    ] as const) {
      it(`refuses the ${meaning} address, with the range to choose from`, async () => {
        const error = await rejection('ADDRESS_RESERVED', () =>
          ipam.requestAddress({ poolId, address, purpose: 'gateway' }),
        );

        expect(error.message)
          .to.include(`${address} from pool ${poolId}: it is the ${meaning} address of 10.1.0.0/24`)
          .and.include('choose one from 10.1.0.1 to 10.1.0.254');
      });
    }

    for (const address of ['10.3.0.0', '10.3.0.1']) {
      it(`leases ${address} of a /31`, async () => {
        const lease = await ipam.requestAddress({ poolId: 'local/10.3.0.0/31', address, purpose: 'endpoint' });

        expect(lease.address).to.equal(address);
      });
    }

    it('leases the first address of an IPv6 prefix, which only automatic allocation avoids', async () => {
      const six = 'local/2001:db8::/126';
      expect([await next(six), await next(six), await next(six)]).not.to.include('2001:db8::');

      const lease = await ipam.requestAddress({ poolId: six, address: '2001:db8::', purpose: 'auxiliary' });

      expect(lease.address).to.equal('2001:db8::');
    });

    it('refuses malformed text', async () => {
      await rejection('INVALID_ADDRESS', () => ipam.requestAddress({ poolId, address: '10.1', purpose: 'endpoint' }));
    });
  });

  describe('releaseAddress', () => {
    it('frees the address', async () => {
      await ipam.requestAddress({ poolId, address: '10.1.0.9', purpose: 'endpoint' });

      expect(await ipam.releaseAddress({ poolId, address: '10.1.0.9' })).to.equal(true);

      expect(ipam.lease(poolId, '10.1.0.9')).to.equal(undefined);
      await ipam.requestAddress({ poolId, address: '10.1.0.9', purpose: 'endpoint' });
    });

    for (const [id, address] of [
      [poolId, '10.1.0.9'],
      [poolId, '169.254.1.1'],
      [poolId, '::a01:9'],
      ['local/10.9.0.0/16', '10.9.0.1'],
      ['nonsense', '10.9.0.1'],
    ] as const) {
      it(`does nothing for ${address} of ${id}, which is not leased`, async () => {
        expect(await ipam.releaseAddress({ poolId: id, address })).to.equal(false);
        expect(ipam.pools()).to.have.lengthOf(1);
      });
    }

    it('refuses malformed text', async () => {
      await rejection('INVALID_ADDRESS', () => ipam.releaseAddress({ poolId, address: '10.1.0.9/32' }));
    });
  });

  describe('reassignAddress', () => {
    it('gives the lease purpose and holder, also in place of others', async () => {
      const key = { poolId, address: '10.1.0.9' };
      await ipam.requestAddress({ ...key, purpose: 'endpoint' });

      for (const lease of [
        { ...key, purpose: 'endpoint', holder: 'one' },
        { ...key, purpose: 'auxiliary', holder: 'one' },
        { ...key, purpose: 'auxiliary', holder: 'two' },
        { ...key, purpose: 'endpoint' },
      ] as const) {
        await ipam.reassignAddress(lease);
        expect(ipam.lease(poolId, '10.1.0.9')).to.deep.equal(lease);
      }
    });

    it('refuses an address without a lease and an unknown pool, naming them', async () => {
      const free = { poolId, address: '10.1.0.9', purpose: 'endpoint', holder: 'web' } as const;

      const notLeased = await rejection('ADDRESS_NOT_LEASED', () => ipam.reassignAddress(free));
      const unknown = await rejection('UNKNOWN_POOL', () => ipam.reassignAddress({ ...free, poolId: 'nonsense' }));

      expect(notLeased.message).to.include(
        `cannot reassign 10.1.0.9: it is not leased from pool ${poolId}; request the address first`,
      );
      expect(unknown.poolId).to.equal('nonsense');
    });
  });

  describe('leases', () => {
    it('lists them all', async () => {
      await ipam.requestAddress({ poolId, purpose: 'gateway' });
      await ipam.requestAddress({ poolId, purpose: 'endpoint', holder: 'web' });

      expect([...ipam.leases(poolId)]).to.deep.equal([
        { poolId, address: '10.1.0.1', purpose: 'gateway' },
        { poolId, address: '10.1.0.2', purpose: 'endpoint', holder: 'web' },
      ]);
      expect([...ipam.leases('nonsense')]).to.deep.equal([]);
    });
  });
});
