import { expect } from 'chai';
import sinon from 'sinon';
import type { AdditionalAddress } from '../../src/endpoints/endpoint.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const otherId = dockerId('beef');
const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };

/** What a call fails with. */
async function messageOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
}

describe('additional addresses of an endpoint', () => {
  let daemon: WiredDaemon;
  let poolId: string;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    poolId = await createNetwork(daemon, { driverOptions: { 'routed.prefixes': '192.168.7.0/24' } });
  });
  afterEach(async () => {
    sinon.restore();
    await daemon.reaper.flush();
  });

  const start = (text: string, id = endpointId, address = '10.1.0.2'): Promise<unknown> =>
    startContainer(daemon, { poolId, endpointId: id, address, driverOptions: { 'routed.addresses': text } });
  const stop = async (): Promise<void> => {
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
  };

  /** What containers have from the pools, and for what. */
  async function leases(): Promise<string[]> {
    const all: string[] = [];
    for (const id of [poolId, 'routed-local/192.168.7.0/24']) {
      for await (const { address, purpose } of daemon.state.leases.loadLeases(id)) all.push(`${address} ${purpose}`);
    }
    return all;
  }

  /** Our routes, and the neighbours, which are the same unless something is wrong. */
  async function onHost(): Promise<string[]> {
    await daemon.reaper.flush();
    const { routes, neighbours } = daemon.kernel.inspect();
    const destinations = routes.filter(({ protocol }) => protocol === 200).map(({ destination }) => destination);
    const addresses = destinations.map((destination) => destination.split('/')[0]);
    expect(neighbours.map(({ address }) => address)).to.have.members(addresses);
    return destinations;
  }

  async function onRecord(): Promise<string[]> {
    const record = (await daemon.state.endpoints.load()).find(({ id }) => id === endpointId);
    return record?.additional.map(({ address }) => address) ?? [];
  }

  it('are leased, routed and recorded with it, and go with it', async () => {
    await start('10.1.0.3 192.168.7.9');

    expect(await leases()).to.have.members(['10.1.0.2 endpoint', '10.1.0.3 additional', '192.168.7.9 additional']);
    expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '192.168.7.9/32']);
    expect(await onRecord()).to.deep.equal(['10.1.0.3', '192.168.7.9']);

    await daemon.call('NetworkDriver.Leave', ids);
    expect(await onHost()).to.deep.equal([]);
    expect(await leases(), 'until Docker deletes it').to.have.lengthOf(3);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    expect(await leases()).to.deep.equal(['10.1.0.2 endpoint']);
  });

  it('are no part of the reply to Docker', async () => {
    const reply = await startContainer(daemon, {
      poolId,
      endpointId,
      address: '10.1.0.2',
      driverOptions: { 'routed.addresses': '10.1.0.3' },
    });

    expect(JSON.stringify(reply)).not.to.contain('10.1.0.3');
  });

  it('are the same when CreateEndpoint and Join are repeated', async () => {
    await start('10.1.0.3');
    const before = [await leases(), await onHost()];

    await daemon.call('NetworkDriver.CreateEndpoint', {
      ...ids,
      Interface: { Address: '10.1.0.2/32', AddressIPv6: '', MacAddress: '' },
      Options: { 'routed.addresses': '10.1.0.3' },
    });
    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect([await leases(), await onHost()]).to.deep.equal(before);
  });

  it('are shown to an operator', async () => {
    await start('10.1.0.3');

    expect(await daemon.call('NetworkDriver.EndpointOperInfo', ids)).to.deep.equal({
      Value: {
        'routed.link': 'vethrc80b7eea65',
        'routed.addresses': '10.1.0.2 10.1.0.3',
        'routed.gateway': '169.254.1.1',
      },
    });
    const unknown = { ...ids, EndpointID: otherId };
    expect(await daemon.call('NetworkDriver.EndpointOperInfo', unknown)).to.deep.equal({ Value: {} });
  });

  describe('are refused, all of them, with the reason', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['10.1.0.4 10.1.0.99', 'additional address 10.1.0.99: the endpoint has it already'],
      ['10.1.0.4 169.254.1.1', 'additional address 169.254.1.1: it is the gateway of the network'],
      ['10.1.0.4 10.9.0.1', "outside of the network's prefixes (10.1.0.0/16, 192.168.7.0/24); more are allowed with"],
      ['10.1.0.4 fd00::1', 'the endpoint has no IPv6 address: create the network with --ipv6'],
      ['10.1.0.4 10.1.0.0', /additional address 10\.1\.0\.0: .*network address/.source],
      ['10.1.0.4 192.168.7.255', /additional address 192\.168\.7\.255: .*broadcast address/.source],
      ['10.1.0.4 224.0.0.1', "outside of the network's prefixes"],
      ['10.1.0.4 10.1.0.3', 'additional address 10.1.0.3 is in use by endpoint c80b7eea6528: choose another'],
      ['10.1.0.4 10.1.0.2', 'additional address 10.1.0.2 is in use by endpoint c80b7eea6528: choose another'],
    ];
    for (const [text, reason] of cases) {
      it(text, async () => {
        await start('10.1.0.3');
        const before = await leases();

        const message = await messageOf(start(text, otherId, '10.1.0.99'));

        expect(message).to.match(new RegExp(reason.includes('\\') ? reason : reason.replace(/[()./]/g, '\\$&')));
        expect(await leases()).to.have.members([...before, '10.1.0.99 endpoint']);
        expect(daemon.parts.endpoints.get(otherId)).to.equal(undefined);
      });
    }
  });

  it('are refused while a route says that another host has one, or this host itself', async () => {
    const { index } = await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } });
    await daemon.kernel.addresses.add({ linkIndex: index, address: '10.9.0.1/24' });
    await daemon.kernel.addresses.add({ linkIndex: index, address: '10.1.0.5/32' });
    const far = { destination: '10.1.0.4/32', gateway: '10.9.0.2', linkIndex: index, protocol: 188 };
    await daemon.kernel.routes.add(far);

    expect(await messageOf(start('10.1.0.3+10.1.0.4'))).to.equal(
      'additional address 10.1.0.4 is in use by another host (route via 10.9.0.2 dev eth1 proto ospf): choose another',
    );
    expect(await messageOf(start('10.1.0.3+10.1.0.5', otherId, '10.1.0.6'))).to.contain('this host itself (link eth1)');
    expect(await leases()).to.deep.equal(['10.1.0.2 endpoint', '10.1.0.6 endpoint']);
  });

  it('are given back when the endpoint cannot be recorded', async () => {
    sinon.stub(daemon.state.endpoints, 'put').rejects(new Error('no space left'));

    expect(await messageOf(start('10.1.0.3'))).to.equal('no space left');

    expect(await leases()).to.deep.equal(['10.1.0.2 endpoint']);
  });

  it('leave no trace on the host when Join fails half-way, and are there when it is tried again', async () => {
    daemon.kernel.failNext('neighbour.replace', 'ENOBUFS');
    expect(await messageOf(start('10.1.0.3'))).to.contain('ENOBUFS');
    await daemon.reaper.flush();
    expect(await onHost()).to.deep.equal([]);

    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
  });

  it('are not given to a container that asks for no address of its own', async () => {
    const NetworkID = dockerId('aaaa');
    const small = await createNetwork(daemon, { id: NetworkID, subnet: '10.2.0.0/30' });
    await startContainer(daemon, {
      poolId: small,
      networkId: NetworkID,
      endpointId: otherId,
      address: '10.2.0.1',
      driverOptions: { 'routed.addresses': '10.2.0.2' },
    });

    const choice = daemon.refusal('IpamDriver.RequestAddress', { PoolID: small, Address: '', Options: null });

    expect(await choice).to.contain('no free address');
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

    beforeEach(() => start('10.1.0.3'));

    it('can become more, at once', async () => {
      await extend(lease('10.1.0.4'), lease('10.1.0.5', true));

      expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32', '10.1.0.5/32']);
      expect(await onRecord()).to.deep.equal(['10.1.0.3', '10.1.0.4', '10.1.0.5']);
      expect(daemon.parts.endpoints.endpointAt('10.1.0.4/32')).to.equal(endpointId);
    });

    it('do not become more by what it has', async () => {
      await extend(lease('10.1.0.3'), lease('10.1.0.4'));
      await extend(lease('10.1.0.4'));

      expect(await onRecord()).to.deep.equal(['10.1.0.3', '10.1.0.4']);
    });

    it('can become fewer, at once, but for those of Docker', async () => {
      await extend(lease('10.1.0.4'));

      expect(await reduce('10.1.0.3', '10.1.0.2', '10.1.0.77')).to.deep.equal([lease('10.1.0.3')]);

      expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.4/32']);
      expect(await onRecord()).to.deep.equal(['10.1.0.4']);
      expect(daemon.parts.endpoints.endpointAt('10.1.0.3/32')).to.equal(undefined);
      expect(await reduce('10.1.0.3'), 'a second time').to.deep.equal([]);
    });

    it('outlive it where they are sticky', async () => {
      await daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: '10.1.0.4', Options: null });
      await extend(lease('10.1.0.4', true));

      await stop();

      expect(await leases()).to.deep.equal(['10.1.0.2 endpoint', '10.1.0.4 endpoint']);
    });

    for (const operation of ['route.replace', 'neighbour.replace']) {
      it(`stay as they were when ${operation} fails while they become more`, async () => {
        daemon.kernel.failNext(operation, 'ENOBUFS');

        expect(await messageOf(extend(lease('10.1.0.4'), lease('10.1.0.5')))).to.contain('ENOBUFS');

        expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
        expect(await onRecord()).to.deep.equal(['10.1.0.3']);
        await extend(lease('10.1.0.4'));
        expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
      });
    }

    it('stay as they were when the record cannot be written, in the kernel, too', async () => {
      const put = sinon.stub(daemon.state.endpoints, 'put').callThrough();
      put.onFirstCall().rejects(new Error('no space left'));
      expect(await messageOf(extend(lease('10.1.0.4')))).to.equal('no space left');
      expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);

      put.onThirdCall().rejects(new Error('no space left'));
      expect(await messageOf(reduce('10.1.0.3'))).to.equal('no space left');

      expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
      expect(await onRecord()).to.deep.equal(['10.1.0.3']);
    });

    it('stay on record when they cannot be taken from the kernel, so that the next round repairs them', async () => {
      daemon.kernel.failNext('route.delete', 'ENOBUFS');

      expect(await messageOf(reduce('10.1.0.3'))).to.contain('ENOBUFS');

      expect(await onRecord()).to.deep.equal(['10.1.0.3']);
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
      expect(await onRecord()).to.deep.equal(['10.1.0.3']);
    });

    it('change on record alone while it is in no sandbox', async () => {
      await daemon.call('NetworkDriver.Leave', ids);

      await extend(lease('10.1.0.4'));
      await reduce('10.1.0.3');

      expect(await onHost()).to.deep.equal([]);
      expect(await onRecord()).to.deep.equal(['10.1.0.4']);
    });
  });

  describe('at the next start of the daemon', () => {
    const successor = async (): Promise<WiredDaemon> => {
      await daemon.stop();
      return await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
    };

    it('belong to the same endpoint', async () => {
      await start('10.1.0.3');

      daemon = await successor();

      expect(await onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
      expect(await messageOf(start('10.1.0.3', otherId, '10.1.0.9'))).to.contain('in use by endpoint c80b7eea6528');
      await stop();
      expect(await leases()).not.to.include('10.1.0.3 additional');
    });

    it('are free again where a crash came before the record of the endpoint', async () => {
      await start('10.1.0.3');
      await daemon.state.leases.putLease({ poolId, address: '10.1.0.4', purpose: 'additional', holder: 'endpoint x' });

      daemon = await successor();

      expect(await leases()).to.have.members(['10.1.0.2 endpoint', '10.1.0.3 additional']);
      await start('10.1.0.4', otherId, '10.1.0.9');
    });
  });
});
