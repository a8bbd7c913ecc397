import { expect } from 'chai';
import sinon from 'sinon';
import { AddressedNetwork, endpointId, ids, otherId } from './support/addressed-network.ts';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import { createNetwork, dockerId, moveToSandbox, startContainer, type WiredDaemon } from './support/wired.ts';

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

  it('are leased, routed and recorded with it, and go with it', async () => {
    await network.start('10.1.0.3 192.168.7.9');

    expect(await network.leases()).to.have.members([
      '10.1.0.2 endpoint',
      '10.1.0.3 additional',
      '192.168.7.9 additional',
    ]);
    expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '192.168.7.9/32']);
    expect(await network.onRecord()).to.deep.equal(['10.1.0.3', '192.168.7.9']);

    await daemon.call('NetworkDriver.Leave', ids);
    expect(await network.onHost()).to.deep.equal([]);
    expect(await network.leases(), 'until Docker deletes it').to.have.lengthOf(3);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    expect(await network.leases()).to.deep.equal(['10.1.0.2 endpoint']);
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
    await network.start('10.1.0.3');
    const before = [await network.leases(), await network.onHost()];

    await daemon.call('NetworkDriver.CreateEndpoint', {
      ...ids,
      Interface: { Address: '10.1.0.2/32', AddressIPv6: '', MacAddress: '' },
      Options: { 'routed.addresses': '10.1.0.3' },
    });
    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect([await network.leases(), await network.onHost()]).to.deep.equal(before);
  });

  it('are shown to an operator', async () => {
    await network.start('10.1.0.3');

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
      ['10.1.0.4 10.9.0.1', "outside the network's prefixes (10.1.0.0/16, 192.168.7.0/24); allow more with"],
      ['10.1.0.4 fd00::1', 'the endpoint has no IPv6 address: create the network with --ipv6'],
      ['10.1.0.4 10.1.0.0', /additional address 10\.1\.0\.0: .*network address/.source],
      ['10.1.0.4 192.168.7.255', /additional address 192\.168\.7\.255: .*broadcast address/.source],
      ['10.1.0.4 224.0.0.1', "outside the network's prefixes"],
      ['10.1.0.4 10.1.0.3', 'additional address 10.1.0.3 is in use by endpoint c80b7eea6528: choose another'],
      ['10.1.0.4 10.1.0.2', 'additional address 10.1.0.2 is in use by endpoint c80b7eea6528: choose another'],
    ];
    for (const [text, reason] of cases) {
      it(text, async () => {
        await network.start('10.1.0.3');
        const before = await network.leases();

        const message = await messageOf(network.start(text, otherId, '10.1.0.99'));

        expect(message).to.match(new RegExp(reason.includes('\\') ? reason : reason.replace(/[()./]/g, '\\$&')));
        expect(await network.leases()).to.have.members([...before, '10.1.0.99 endpoint']);
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

    expect(await messageOf(network.start('10.1.0.3+10.1.0.4'))).to.equal(
      'additional address 10.1.0.4 is in use by another host (route via 10.9.0.2 dev eth1 proto ospf): choose another',
    );
    expect(await messageOf(network.start('10.1.0.3+10.1.0.5', otherId, '10.1.0.6'))).to.contain(
      'this host itself (link eth1)',
    );
    expect(await network.leases()).to.deep.equal(['10.1.0.2 endpoint', '10.1.0.6 endpoint']);
  });

  it('are given back when the endpoint cannot be recorded', async () => {
    sinon.stub(daemon.state.endpoints, 'put').rejects(new Error('no space left'));

    expect(await messageOf(network.start('10.1.0.3'))).to.equal('no space left');

    expect(await network.leases()).to.deep.equal(['10.1.0.2 endpoint']);
  });

  it('leave no trace on the host when Join fails half-way, and are there when it is tried again', async () => {
    daemon.kernel.failNext('neighbour.replace', 'ENOBUFS');
    expect(await messageOf(network.start('10.1.0.3'))).to.contain('ENOBUFS');
    await daemon.reaper.flush();
    expect(await network.onHost()).to.deep.equal([]);

    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
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

  describe('at the next start of the daemon', () => {
    it('belong to the same endpoint', async () => {
      await network.start('10.1.0.3');
      await moveToSandbox(daemon, endpointId);

      await network.restart();

      expect(await network.onHost()).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
      expect(await messageOf(network.start('10.1.0.3', otherId, '10.1.0.9'))).to.contain(
        'in use by endpoint c80b7eea6528',
      );
      await network.stop();
      expect(await network.leases()).not.to.include('10.1.0.3 additional');
    });

    it('are free again where a crash came before the record of the endpoint', async () => {
      await network.start('10.1.0.3');
      await daemon.state.leases.putLease({ poolId, address: '10.1.0.4', purpose: 'additional', holder: 'endpoint x' });

      await network.restart();

      expect(await network.leases()).to.have.members(['10.1.0.2 endpoint', '10.1.0.3 additional']);
      await network.start('10.1.0.4', otherId, '10.1.0.9');
    });
  });
});
