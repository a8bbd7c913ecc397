import { expect } from 'chai';
import fc from 'fast-check';
import { memoryLeaseStore, openIpam, parsePrefix, prefixesOverlap, prefixContains } from '../../src/index.ts';
import type { Ipam } from '../../src/index.ts';
import { ipamWithPool, poolId } from './ipam-with-pool.ts';

async function ipamOf(hostIdentity: string, ...prefixes: readonly string[]): Promise<Ipam> {
  const ipam = await openIpam({ store: memoryLeaseStore() }, { hostIdentity });
  for (const prefix of prefixes) await ipam.requestPool({ addressSpace: 'local', prefix });
  return ipam;
}

describe('blocks of a pool', () => {
  describe('freeBlock', () => {
    it('finds the first part of the pool that overlaps nothing taken', async () => {
      const ipam = await ipamWithPool();

      expect(ipam.freeBlock({ poolId, length: 26, taken: [] })).to.equal('10.1.0.0/26');
      expect(ipam.freeBlock({ poolId, length: 26, taken: ['10.1.0.5/32', '10.1.0.64/27', '10.1.1.0/24'] })).to.equal(
        '10.1.0.128/26',
      );
    });

    it('passes over a block whose first address is leased', async () => {
      const ipam = await ipamWithPool();
      await ipam.requestAddress({ poolId, purpose: 'endpoint', address: '10.1.0.64' });

      expect(ipam.freeBlock({ poolId, length: 26, taken: ['10.1.0.0/26'] })).to.equal('10.1.0.128/26');
    });

    it('finds none when every part is taken, or the pool is no larger', async () => {
      const ipam = await ipamWithPool();

      expect(ipam.freeBlock({ poolId, length: 26, taken: ['10.1.0.0/24'] })).to.equal(undefined);
      expect(ipam.freeBlock({ poolId, length: 23, taken: [] })).to.equal(undefined);
    });

    it('keeps to the sub-pool', async () => {
      const ipam = await ipamWithPool();
      const { id } = await ipam.requestPool({
        addressSpace: 'local',
        prefix: '10.2.0.0/16',
        subPool: '10.2.7.0/25',
      });

      expect(ipam.freeBlock({ poolId: id, length: 26, taken: ['10.2.7.0/26'] })).to.equal('10.2.7.64/26');
    });

    it('begins at another place on every host', async () => {
      const hosts = await Promise.all(Array.from({ length: 20 }, (_, host) => ipamOf(`h${host}`, 'fd00:1::/64')));

      const blocks = hosts.map((ipam) => ipam.freeBlock({ poolId: 'local/fd00:1::/64', length: 122, taken: [] }));

      expect(new Set(blocks).size).to.equal(20);
    });

    it('names a block of the pool that overlaps nothing taken, or every block is taken', async () => {
      const pool = 'local/10.1.0.0/24';
      const taken = fc.array(
        fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 25, max: 32 })).map(([last, length]) => {
          return `10.1.0.${last}/${length}`;
        }),
        { maxLength: 12 },
      );
      await fc.assert(
        fc.asyncProperty(fc.string(), fc.integer({ min: 24, max: 30 }), taken, async (host, length, prefixes) => {
          const ipam = await ipamOf(host, '10.1.0.0/24');
          const block = ipam.freeBlock({ poolId: pool, length, taken: prefixes });
          const size = 2 ** (32 - length);
          const all = Array.from({ length: 256 / size }, (_, number) => `10.1.0.${number * size}/${length}`);
          const free = all.filter((one) => !prefixes.some((prefix) => prefixesOverlap(one, prefix)));
          if (block === undefined) expect(free).to.deep.equal([]);
          else expect(free).to.include(block);
        }),
      );
    });
  });

  describe('requestAddress within parts', () => {
    it('chooses from the parts in order, and from no other', async () => {
      const ipam = await ipamWithPool();
      const within = ['10.1.0.64/31', '10.1.0.4/31'];
      const next = async (): Promise<string> => {
        return (await ipam.requestAddress({ poolId, purpose: 'endpoint', within })).address;
      };

      expect([await next(), await next(), await next(), await next()]).to.deep.equal([
        '10.1.0.64',
        '10.1.0.65',
        '10.1.0.4',
        '10.1.0.5',
      ]);
      const failure = await next().catch((error: unknown) => error);
      expect(failure).to.have.property('code', 'POOL_EXHAUSTED');
    });

    it('leaves out the first address of a part', async () => {
      const ipam = await ipamWithPool();
      const request = { poolId, purpose: 'endpoint', within: ['10.1.0.64/30'] } as const;
      const chosen = [];
      for (let count = 0; count < 3; count++) chosen.push((await ipam.requestAddress(request)).address);

      expect(chosen).to.deep.equal(['10.1.0.65', '10.1.0.66', '10.1.0.67']);
      expect(await ipam.requestAddress(request).catch((error: unknown) => error)).to.have.property(
        'code',
        'POOL_EXHAUSTED',
      );
    });

    it('does not give out the network and broadcast addresses of the subnet', async () => {
      const ipam = await ipamWithPool();
      const chosen: string[] = [];
      for (let count = 0; count < 3; count++) {
        const within = ['10.1.0.0/31', '10.1.0.254/31'];
        const lease = await ipam.requestAddress({ poolId, purpose: 'endpoint', within }).catch(() => undefined);
        if (lease !== undefined) chosen.push(lease.address);
      }

      expect(chosen).to.deep.equal(['10.1.0.1', '10.1.0.254']);
    });

    it('does not give a released address out again at once', async () => {
      const ipam = await ipamWithPool();
      const request = { poolId, purpose: 'endpoint', within: ['10.1.0.64/26'] } as const;
      const { address } = await ipam.requestAddress(request);
      await ipam.releaseAddress({ poolId, address });

      const next = await ipam.requestAddress(request);

      expect(next.address).not.to.equal(address);
      expect(prefixContains(parsePrefix('10.1.0.64/26'), next.address)).to.equal(true);
    });
  });
});
