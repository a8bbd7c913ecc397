import { expect } from 'chai';
import sinon from 'sinon';
import { AddressSet } from '../../src/address-set.ts';
import type { Ipam } from '../../src/index.ts';
import { OpenPool } from '../../src/pool-table.ts';
import { ipamWithPool, nextAddress, poolId } from './ipam-with-pool.ts';
import { rejection } from './rejection.ts';

describe('Ipam addresses', () => {
  let ipam: Ipam;
  const next = (id = poolId): Promise<string> => nextAddress(ipam, id);
  beforeEach(async () => {
    ipam = await ipamWithPool();
  });

  describe('requestAddress for any address', () => {
    it('goes on after the last one and does not reuse a released one at once', async () => {
      expect([await next(), await next()]).to.deep.equal(['10.1.0.1', '10.1.0.2']);
      await ipam.releaseAddress({ poolId, address: '10.1.0.1' });

      expect(await next()).to.equal('10.1.0.3');
    });

    it('wraps around at the end and then finds what was released', async () => {
      for (let count = 0; count < 254; count++) await next();
      await ipam.releaseAddress({ poolId, address: '10.1.0.77' });

      expect(await next()).to.equal('10.1.0.77');
    });

    it('gives a gateway the lowest free address and goes on where it was', async () => {
      expect([await next(), await next()]).to.deep.equal(['10.1.0.1', '10.1.0.2']);
      await ipam.releaseAddress({ poolId, address: '10.1.0.1' });

      expect(await ipam.requestAddress({ poolId, purpose: 'gateway' })).to.include({ address: '10.1.0.1' });
      expect(await next()).to.equal('10.1.0.3');
    });

    it('keeps to the sub-pool', async () => {
      const id = 'local/10.2.0.0/16/10.2.7.0/31';

      expect([await next(id), await next(id)]).to.deep.equal(['10.2.7.0', '10.2.7.1']);
      await rejection('POOL_EXHAUSTED', () => next(id));
    });

    it('fails when all are leased, naming pool, size and leases', async () => {
      const id = 'local/10.2.0.0/16/10.2.7.0/31';
      await ipam.requestAddress({ poolId: id, address: '10.2.9.9', purpose: 'auxiliary' });
      await next(id);
      await next(id);

      const error = await rejection('POOL_EXHAUSTED', () => next(id));

      expect(error.poolId).to.equal(id);
      expect(error.message).to.equal(
        `no free address in pool ${id}: all 2 addresses for automatic allocation are leased (3 leases); release some ` +
          'or use a larger pool (POOL_EXHAUSTED)',
      );
    });

    it('fails in a sub-pool that has none but the network address', async () => {
      await rejection('POOL_EXHAUSTED', () => next('local/10.2.0.0/16/10.2.0.0/32'));
    });
  });

  describe('requestAddress with isTaken', () => {
    const request = { poolId: 'local/10.4.0.0/16', purpose: 'endpoint' } as const;

    it('skips addresses that are taken', async () => {
      const taken = ['10.4.0.1', '10.4.0.2', '10.4.0.3'];
      const isTaken = sinon.fake((address: string) => Promise.resolve(taken.includes(address)));

      const { address } = await ipam.requestAddress({ ...request, isTaken });

      expect(taken).not.to.include(address);
      expect(isTaken.args.flat()).to.deep.equal(['10.4.0.1', address]);
      expect(ipam.usage(request.poolId).leased).to.equal(1);
    });

    it('goes on at another place than another host that met the same address', () => {
      const pool = { id: request.poolId, addressSpace: 'local', family: 4, prefix: '10.4.0.0/16' } as const;
      const placeOf = (hostIdentity: string): bigint =>
        new OpenPool(pool, { key: '', used: new AddressSet(), members: new Set() }, hostIdentity).placeAfter(9n, 0);

      expect(placeOf('h1')).not.to.equal(placeOf('h2'));
    });

    it('looks at most addresses of a middling pool before it gives up', async () => {
      const isTaken = sinon.fake.resolves(true);
      const { id } = await ipam.requestPool({ addressSpace: 'local', prefix: '10.5.0.0/23' });

      await rejection('CANDIDATES_TAKEN', () => ipam.requestAddress({ ...request, poolId: id, isTaken }));

      expect(new Set(isTaken.args.flat()).size).to.be.above(150);
    });

    it('leaves a long run of taken addresses by a jump', async () => {
      const isTaken = (address: string): Promise<boolean> => Promise.resolve(/^10\.4\.[0-7]\./.test(address));

      const { address } = await ipam.requestAddress({ ...request, isTaken });

      expect(address).not.to.match(/^10\.4\.[0-7]\./);
    });

    it('gives up after a bounded number, says how many, and looks elsewhere next time', async () => {
      const isTaken = sinon.fake.resolves(true);

      const error = await rejection('CANDIDATES_TAKEN', () => ipam.requestAddress({ ...request, isTaken }));
      const first = new Set(isTaken.args.flat());
      isTaken.resetHistory();
      await rejection('CANDIDATES_TAKEN', () => ipam.requestAddress({ ...request, isTaken }));

      expect(error.message)
        .to.include(`no usable address found in pool ${request.poolId}: 256 addresses free here are in use elsewhere`)
        .and.include('try again to look further, name an address, or use a larger pool');
      expect(isTaken.args.flat().filter((address) => first.has(address as string)).length).to.be.lessThan(16);
      expect(ipam.usage(request.poolId).leased).to.equal(0);
    });

    it('asks about every free address of a small pool, once', async () => {
      const isTaken = sinon.fake((address: string) => Promise.resolve(address !== '10.1.0.254'));
      expect(await ipam.requestAddress({ ...request, poolId, isTaken })).to.include({ address: '10.1.0.254' });
      isTaken.resetHistory();

      await rejection('CANDIDATES_TAKEN', () => ipam.requestAddress({ ...request, poolId, isTaken }));

      expect(new Set(isTaken.args.flat()).size).to.equal(253);
      expect(isTaken.callCount).to.equal(253);
    });

    it('is not asked about an explicit address', async () => {
      const isTaken = sinon.fake.resolves(true);

      await ipam.requestAddress({ ...request, address: '10.4.0.9', isTaken });

      expect(isTaken.callCount).to.equal(0);
    });

    it('passes on what isTaken throws, and leases nothing', async () => {
      const isTaken = sinon.fake.rejects(new Error('no route table'));

      const failure = await ipam.requestAddress({ ...request, isTaken }).catch((error: unknown) => String(error));

      expect(failure).to.equal('Error: no route table');
      expect(ipam.usage(request.poolId).leased).to.equal(0);
      expect(await ipam.requestAddress(request)).to.include({ address: '10.4.0.1' });
    });
  });

  describe('requestAddress for a pool that is not known', () => {
    it('opens the pool again from its id', async () => {
      const id = 'local/10.2.0.0/16/10.2.7.0/24';

      expect(await next(id)).to.equal('10.2.7.0');
      expect(ipam.pool(id)).to.include({ prefix: '10.2.0.0/16', subPool: '10.2.7.0/24' });
    });

    for (const id of ['nonsense', 'local/10.1.2.3/16']) {
      it(`refuses '${id}', which is not the id of a pool`, async () => {
        const error = await rejection('UNKNOWN_POOL', () => next(id));

        expect(error.message).to.equal(`pool '${id}' is not known: request the pool first (UNKNOWN_POOL)`);
      });
    }

    it('applies the rules for pools', async () => {
      await rejection('POOL_OVERLAP', () => next('local/10.1.0.0/16'));
      await rejection('RESERVED_PREFIX', () => next('local/127.0.0.0/16'));
      expect(ipam.pools()).to.have.lengthOf(1);
    });
  });
});
