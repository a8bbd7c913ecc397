import { expect } from 'chai';
import sinon from 'sinon';
import { AddressedNetwork, endpointId, ids, otherId } from './support/addressed-network.ts';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import type { WiredDaemon } from './support/wired.ts';
import type { AdditionalAddress } from '../../src/leases/leased-address.ts';

describe('additional addresses of an endpoint', () => {
  let network: AddressedNetwork;
  let daemon: WiredDaemon;
  let poolId: string;
  beforeEach(async () => {
    network = await AddressedNetwork.create();
    ({ daemon, poolId } = network);
  });
  afterEach(async () => {
    sinon.restore();
    await network.daemon.reaper.flush();
  });

  describe('of a living endpoint', () => {
    const lease = (address: string, isSticky = false): AdditionalAddress => ({
      family: 4,
      address,
      poolId,
      isSticky,
    });
    const extend = (...more: readonly AdditionalAddress[]): Promise<void> =>
      daemon.parts.endpoints.extend(endpointId, more);
    const reduce = (...less: readonly string[]): Promise<readonly AdditionalAddress[]> =>
      daemon.parts.endpoints.reduce(endpointId, new Set(less));

    beforeEach(() => network.start('10.1.0.3'));

    it('can become more, at once', async () => {
      await extend(lease('10.1.0.4'), lease('10.1.0.5', true));

      expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32', '10.1.0.5/32']);
      expect(await network.onRecord()).to.deep.equal(['10.1.0.3', '10.1.0.4', '10.1.0.5']);
      expect(daemon.parts.endpoints.endpointAt('10.1.0.4/32')).to.equal(endpointId);
    });

    it('do not become more by what it has', async () => {
      await extend(lease('10.1.0.3'), lease('10.1.0.4'));
      await extend(lease('10.1.0.4'));

      expect(await network.onRecord()).to.deep.equal(['10.1.0.3', '10.1.0.4']);
    });

    it('can become fewer, at once, but for those of Docker', async () => {
      await extend(lease('10.1.0.4'));

      expect(await reduce('10.1.0.3', '10.1.0.2', '10.1.0.77')).to.deep.equal([lease('10.1.0.3')]);

      expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.4/32']);
      expect(await network.onRecord()).to.deep.equal(['10.1.0.4']);
      expect(daemon.parts.endpoints.endpointAt('10.1.0.3/32')).to.equal(undefined);
      expect(await reduce('10.1.0.3'), 'a second time').to.deep.equal([]);
    });

    it('outlive it where they are sticky', async () => {
      await daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: '10.1.0.4', Options: null });
      await extend(lease('10.1.0.4', true));

      await network.stop();

      expect(await network.leases()).to.deep.equal(['10.1.0.2 endpoint', '10.1.0.4 endpoint']);
    });

    for (const operation of ['route.replace', 'neighbour.replace']) {
      it(`stay as they were when ${operation} fails while they become more`, async () => {
        daemon.kernel.failNext(operation, 'ENOBUFS');

        expect(await messageOf(extend(lease('10.1.0.4'), lease('10.1.0.5')))).to.contain('ENOBUFS');

        expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
        expect(await network.onRecord()).to.deep.equal(['10.1.0.3']);
        await extend(lease('10.1.0.4'));
        expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
      });
    }

    it('are taken from the filter again when no route can lead there', async () => {
      daemon.kernel.failNext('route.replace', 'ENOBUFS');

      expect(await messageOf(extend(lease('10.1.0.4')))).to.contain('ENOBUFS');

      const { addresses } = daemon.filters.set.lastCall.firstArg as { readonly addresses: readonly string[] };
      expect(addresses.filter((address) => address.startsWith('10.'))).to.deep.equal(['10.1.0.2', '10.1.0.3']);
    });

    it('stay as they were when the record cannot be written, in the kernel, too', async () => {
      const put = sinon.stub(daemon.state.endpoints, 'put').callThrough();
      put.onFirstCall().rejects(new Error('no space left'));
      expect(await messageOf(extend(lease('10.1.0.4')))).to.equal('no space left');
      expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);

      put.onThirdCall().rejects(new Error('no space left'));
      expect(await messageOf(reduce('10.1.0.3'))).to.equal('no space left');

      expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
      expect(await network.onRecord()).to.deep.equal(['10.1.0.3']);
    });

    it('stay on record when they cannot be taken from the kernel, so that the next round repairs them', async () => {
      daemon.kernel.failNext('route.delete', 'ENOBUFS');

      expect(await messageOf(reduce('10.1.0.3'))).to.contain('ENOBUFS');

      expect(await network.onRecord()).to.deep.equal(['10.1.0.3']);
      daemon.repair();
      await daemon.stop();
      expect(daemon.kernel.inspect().routes.some(({ destination }) => destination === '10.1.0.3/32')).to.equal(true);
    });

    it('cannot change when it is not known or its link is gone', async () => {
      expect(await messageOf(daemon.parts.endpoints.extend(otherId, [lease('10.1.0.4')]))).to.match(
        /^endpoint beef00000000 is not known to routed/,
      );
      await daemon.kernel.links.delete({ name: 'vethrc80b7eea65' });
      expect(await messageOf(extend(lease('10.1.0.4')))).to.contain('link vethrc80b7eea65 is gone');
      expect(await network.onRecord()).to.deep.equal(['10.1.0.3']);
    });

    it('change on record alone while it is in no sandbox', async () => {
      await daemon.call('NetworkDriver.Leave', ids);

      await extend(lease('10.1.0.4'));
      await reduce('10.1.0.3');

      expect(await network.onHost()).to.deep.equal([]);
      expect(await network.onRecord()).to.deep.equal(['10.1.0.4']);
    });
  });
});
