import { expect } from 'chai';
import { memoryLeaseStore, openIpam, prefixContains } from '../../src/index.ts';
import type { Ipam } from '../../src/index.ts';
import { rejection } from './rejection.ts';

describe('Ipam pools', () => {
  const request = { addressSpace: 'local', prefix: '10.1.0.0/16' };
  const poolId = 'local/10.1.0.0/16';
  let ipam: Ipam;

  beforeEach(async () => {
    ipam = await openIpam({ store: memoryLeaseStore() });
  });

  describe('requestPool', () => {
    it('gives a canonical pool with an id made of its content', async () => {
      const pool = await ipam.requestPool({ addressSpace: 'local', prefix: '10.1.2.3/16', subPool: '10.1.9.9/24' });

      expect(pool).to.deep.equal({
        id: 'local/10.1.0.0/16/10.1.9.0/24',
        addressSpace: 'local',
        family: 4,
        prefix: '10.1.0.0/16',
        subPool: '10.1.9.0/24',
      });
      expect(ipam.pool(pool.id)).to.deep.equal(pool);
      expect(ipam.pools()).to.deep.equal([pool]);
    });

    it('returns the pool that is there for the same content, leases untouched', async () => {
      const first = await ipam.requestPool(request);
      await ipam.requestAddress({ poolId, purpose: 'gateway' });

      expect(await ipam.requestPool({ ...request, prefix: '10.1.255.0/16' })).to.equal(first);
      expect(ipam.usage(poolId).leased).to.equal(1);
    });

    it('gives the pool to one of two that want it for themselves', async () => {
      const results = await Promise.allSettled([
        ipam.requestPool({ ...request, isExclusive: true }),
        ipam.requestPool({ ...request, isExclusive: true }),
      ]);

      expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
      const error = await rejection('POOL_IN_USE', () => ipam.requestPool({ ...request, isExclusive: true }));
      expect(error).to.include({ poolId, prefix: '10.1.0.0/16' });
      expect(error).not.to.have.property('owner');
    });

    it('refuses the same content once claimed, naming the owner', async () => {
      await ipam.requestPool(request);
      await ipam.claimPool(poolId, 'network 3f2a');

      const error = await rejection('POOL_IN_USE', () => ipam.requestPool(request));

      expect(error).to.include({ poolId, prefix: '10.1.0.0/16', owner: 'network 3f2a' });
      expect(error.message).to.equal(
        `pool ${poolId} is in use by network 3f2a: remove that first, or choose another prefix (POOL_IN_USE)`,
      );
    });

    for (const prefix of ['10.1.2.0/24', '10.0.0.0/8']) {
      it(`refuses ${prefix} beside 10.1.0.0/16, naming both and the owner`, async () => {
        await ipam.requestPool(request);
        await ipam.claimPool(poolId, 'network 3f2a');

        const error = await rejection('POOL_OVERLAP', () => ipam.requestPool({ ...request, prefix }));

        expect(error).to.include({ poolId: `local/${prefix}`, conflictingWith: poolId, owner: 'network 3f2a' });
        expect(error.message)
          .to.include(`cannot open pool local/${prefix}: it overlaps pool ${poolId} (claimed by network 3f2a)`)
          .and.include('choose another prefix');
        expect(ipam.pools()).to.have.lengthOf(1);
      });
    }

    it('accepts neighbours, and the same prefix in another address space', async () => {
      await ipam.requestPool(request);
      await ipam.requestPool({ ...request, prefix: '10.2.0.0/16' });
      await ipam.requestPool({ ...request, addressSpace: 'other' });
      await ipam.requestPool({ ...request, prefix: '2001:db8::/64' });

      expect(ipam.pools()).to.have.lengthOf(4);
    });

    it('accepts sub-pools of one prefix that do not overlap, and no others', async () => {
      await ipam.requestPool({ ...request, subPool: '10.1.1.0/24' });
      await ipam.requestPool({ ...request, subPool: '10.1.2.0/24' });

      const bigger = await rejection('POOL_OVERLAP', () => ipam.requestPool({ ...request, subPool: '10.1.0.0/20' }));
      const whole = await rejection('POOL_OVERLAP', () => ipam.requestPool(request));

      expect(bigger.conflictingWith).to.equal('local/10.1.0.0/16/10.1.1.0/24');
      expect(whole.message).to.include('for the same prefix sub-pools that do not overlap');
    });

    it('refuses one of two overlapping pools requested at the same time', async () => {
      const results = await Promise.allSettled([
        ipam.requestPool(request),
        ipam.requestPool({ ...request, prefix: '10.1.2.0/24' }),
      ]);

      expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    });

    it('refuses a prefix on a link of the host, naming link, prefix and remedy', async () => {
      const connectedPrefixes = [
        { prefix: '192.168.0.0/24', description: 'eth0' },
        { prefix: '10.1.7.0/24', description: 'eth1' },
      ];

      const error = await rejection('CONNECTED_OVERLAP', () => ipam.requestPool({ ...request, connectedPrefixes }));

      expect(error).to.include({ prefix: '10.1.0.0/16', conflictingWith: 'eth1 10.1.7.0/24' });
      expect(error.message).to.equal(
        'cannot use 10.1.0.0/16 as a pool: it overlaps 10.1.7.0/24 on eth1 of this host; choose another --subnet ' +
          '(CONNECTED_OVERLAP)',
      );
      expect(ipam.pools()).to.deep.equal([]);
    });

    const reserved = [
      ['0.0.0.0/0', 'unspecified'],
      ['0.0.0.0/32', 'unspecified'],
      ['127.3.0.0/16', 'loopback'],
      ['126.0.0.0/7', 'loopback'],
      ['169.254.1.0/24', 'link-local'],
      ['224.0.0.0/8', 'multicast'],
      ['255.255.255.255/32', 'broadcast'],
      ['::/0', 'unspecified'],
      ['::1/128', 'loopback'],
      ['fe80::/64', 'link-local'],
      ['ff02::/16', 'multicast'],
    ] as const;
    for (const [prefix, use] of reserved) {
      it(`refuses ${prefix} because of ${use}, and suggests what to choose`, async () => {
        const error = await rejection('RESERVED_PREFIX', () => ipam.requestPool({ ...request, prefix }));

        expect(error.prefix).to.equal(prefix);
        expect(error.message)
          .to.include(`cannot use ${prefix} as a pool: it overlaps ${String(error.conflictingWith)}, reserved for`)
          .and.include(use)
          .and.include('choose a unicast prefix such as 10.1.0.0/16 or fd00:1::/64');
      });
    }

    for (const prefix of ['10.0.0.7/32', '10.0.0.6/31', '2001:db8::7/128', 'fd00::/8', '100.64.0.0/10']) {
      it(`accepts ${prefix}`, async () => {
        expect((await ipam.requestPool({ ...request, prefix })).prefix).to.equal(prefix);
      });
    }
  });

  describe('releasePool', () => {
    it('forgets the pool, its claim and its leases', async () => {
      await ipam.requestPool(request);
      await ipam.claimPool(poolId, 'network 3f2a');
      await ipam.requestAddress({ poolId, purpose: 'gateway' });

      expect(await ipam.releasePool(poolId)).to.equal(true);

      expect(ipam.pool(poolId)).to.equal(undefined);
      expect([...ipam.leases(poolId)]).to.deep.equal([]);
      expect(await ipam.requestPool(request)).not.to.have.property('owner');
      expect(await ipam.requestAddress({ poolId, purpose: 'gateway' })).to.include({ address: '10.1.0.1' });
    });

    it('frees the addresses it had for the other pools of its prefix', async () => {
      const one = await ipam.requestPool({ ...request, subPool: '10.1.1.0/24' });
      const two = await ipam.requestPool({ ...request, subPool: '10.1.2.0/24' });
      const wish = { purpose: 'endpoint', address: '10.1.9.9' } as const;
      await ipam.requestAddress({ ...wish, poolId: one.id });
      const kept = await ipam.requestAddress({ poolId: two.id, purpose: 'endpoint' });

      await ipam.releasePool(one.id);

      expect(await ipam.requestAddress({ ...wish, poolId: two.id })).to.include({ address: '10.1.9.9' });
      expect([...ipam.leases(two.id)].map(({ address }) => address)).to.deep.equal([kept.address, '10.1.9.9']);
    });

    for (const id of [poolId, 'no pool id']) {
      it(`does nothing for ${id} when it is not known`, async () => {
        expect(await ipam.releasePool(id)).to.equal(false);
      });
    }
  });

  describe('claimPool and unclaimPool', () => {
    beforeEach(() => ipam.requestPool(request));

    it('record the owner and take it back', async () => {
      await ipam.claimPool(poolId, 'network 3f2a');
      await ipam.claimPool(poolId, 'network 3f2a');
      expect(ipam.pool(poolId)).to.include({ owner: 'network 3f2a' });

      await ipam.unclaimPool(poolId, 'network 3f2a');
      await ipam.unclaimPool(poolId, 'network 3f2a');
      expect(ipam.pool(poolId)).not.to.have.property('owner');
    });

    it('refuse somebody else, naming the owner', async () => {
      await ipam.claimPool(poolId, 'network 3f2a');

      const claim = await rejection('POOL_IN_USE', () => ipam.claimPool(poolId, 'network 77'));
      const unclaim = await rejection('POOL_IN_USE', () => ipam.unclaimPool(poolId, 'network 77'));

      expect(claim.message).to.include(`pool ${poolId} is in use by network 3f2a: remove that first`);
      expect(unclaim.owner).to.equal('network 3f2a');
    });

    it('give the pool to one of two that claim it at the same time', async () => {
      const results = await Promise.allSettled([ipam.claimPool(poolId, 'one'), ipam.claimPool(poolId, 'two')]);

      expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
      expect(ipam.pool(poolId)).to.include({ owner: 'one' });
    });

    it('differ for an unknown pool: claiming fails and names it, giving back does nothing', async () => {
      const error = await rejection('UNKNOWN_POOL', () => ipam.claimPool('local/10.9.0.0/16', 'network 3f2a'));

      expect(error.message).to.equal("pool 'local/10.9.0.0/16' is not known: request the pool first (UNKNOWN_POOL)");
      await ipam.unclaimPool('local/10.9.0.0/16', 'network 3f2a');
    });

    it('leave the leases alone', async () => {
      await ipam.requestAddress({ poolId, purpose: 'gateway' });
      await ipam.claimPool(poolId, 'network 3f2a');

      expect([...ipam.leases(poolId)]).to.have.lengthOf(1);
    });
  });

  describe('findPools', () => {
    it('finds every pool of exactly this prefix', async () => {
      const one = await ipam.requestPool({ ...request, subPool: '10.1.1.0/24' });
      const two = await ipam.requestPool({ ...request, subPool: '10.1.2.0/24' });
      const other = await ipam.requestPool({ ...request, addressSpace: 'other' });
      await ipam.requestPool({ ...request, prefix: '10.2.0.0/16' });

      expect(ipam.findPools('10.1.2.3/16')).to.deep.equal([one, two, other]);
      expect(ipam.findPools('10.1.0.0/16', 'other')).to.deep.equal([other]);
      expect(ipam.findPools('10.1.0.0/24')).to.deep.equal([]);
    });
  });

  describe('usage', () => {
    it('counts what automatic allocation can choose from, and all leases', async () => {
      const pool = await ipam.requestPool({ ...request, subPool: '10.1.1.0/24' });
      await ipam.requestAddress({ poolId: pool.id, purpose: 'gateway' });
      await ipam.requestAddress({ poolId: pool.id, purpose: 'auxiliary', address: '10.1.9.9' });

      expect(ipam.usage(pool.id)).to.deep.equal({ size: 256n, leased: 2 });
    });

    it('names an unknown pool', async () => {
      expect((await rejection('UNKNOWN_POOL', () => ipam.usage('nowhere'))).poolId).to.equal('nowhere');
    });
  });

  it('starts hosts with different identities at different points of the same pool', async () => {
    const hosts = await Promise.all(
      ['one', 'two', 'one'].map((hostIdentity) => openIpam({ store: memoryLeaseStore() }, { hostIdentity })),
    );
    const leases = await Promise.all(hosts.map((host) => host.requestAddress({ poolId, purpose: 'endpoint' })));

    const [one, two, again] = leases.map(({ address }) => address);
    expect(one).to.equal(again).and.not.to.equal(two);
    expect(prefixContains('10.1.0.0/16', one!)).to.equal(true);
  });
});
