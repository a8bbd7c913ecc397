import { expect } from 'chai';
import sinon from 'sinon';
import { throwAwayNetworkId } from '../../src/networks/throw-away.ts';
import { SetClock } from './support/set-clock.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const subnet = '10.1.0.0/16';
const PoolID = `routed-local/${subnet}`;
const [first, second] = [dockerId('aaaa'), dockerId('bbbb')];
const MINUTE_MS = 60_000;

describe('pools that Docker asks for', () => {
  let daemon: WiredDaemon;
  let clock: SetClock;
  beforeEach(async () => {
    clock = new SetClock();
    daemon = await wiredDaemon();
  });
  afterEach(() => clock.restore());

  const request = () =>
    daemon.call('IpamDriver.RequestPool', {
      ...{ AddressSpace: 'routed-local', Pool: subnet, SubPool: '', Options: null, V6: false },
    });
  const creation = (NetworkID: string) => ({
    NetworkID,
    Options: {},
    IPv4Data: [{ AddressSpace: 'routed-local', Pool: subnet, Gateway: '169.254.1.1/32' }],
    IPv6Data: [],
  });
  const release = () => daemon.call('IpamDriver.ReleasePool', { PoolID });
  const removeNetwork = async (NetworkID: string): Promise<void> => {
    await release();
    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID });
  };
  const rounds = async (): Promise<void> => {
    await daemon.parts.forgottenNetworks.sweep();
    clock.later(3 * MINUTE_MS);
    await daemon.parts.forgottenNetworks.sweep();
  };
  const pools = async (daemonOf = daemon): Promise<string[]> => {
    const found: string[] = [];
    for await (const { id, owner } of daemonOf.state.leases.loadPools()) found.push(`${id} ${owner ?? '-'}`);
    return found;
  };

  it('stay with the network that was sooner when two are made of one at once', async () => {
    await Promise.all([request(), request()]);
    await daemon.call('NetworkDriver.CreateNetwork', creation(first));
    expect(await daemon.refusal('NetworkDriver.CreateNetwork', creation(second))).to.contain('in use by network aaaa');
    await release();

    expect(await pools()).to.deep.equal([`${PoolID} network ${first.slice(0, 12)}`]);
    await startContainer(daemon, { poolId: PoolID, networkId: first, endpointId: dockerId('e1') });
    const leases = await Promise.all([
      daemon.refusal('IpamDriver.RequestPool', { AddressSpace: 'routed-local', Pool: subnet }),
    ]);
    expect(leases[0]).to.contain('in use by network aaaa');
  });

  it('keep the gateway of the network that was sooner', async () => {
    const address = { PoolID, Address: '10.1.0.1' };
    await request();
    await daemon.call('IpamDriver.RequestAddress', {
      ...address,
      Options: { RequestAddressType: 'com.docker.network.gateway' },
    });
    const own = creation(first);
    const made = { ...own, IPv4Data: [{ ...own.IPv4Data[0], Gateway: '10.1.0.1/16' }] };
    await daemon.call('NetworkDriver.CreateNetwork', made);

    await daemon.call('IpamDriver.ReleaseAddress', address);

    const asked = daemon.refusal('IpamDriver.RequestAddress', { ...address, Options: null });
    expect(await asked).to.match(/10\.1\.0\.1/);
    await removeNetwork(first);
    expect(await pools()).to.deep.equal([]);
  });

  it('are free after the removal of the network that was sooner', async () => {
    await Promise.all([request(), request()]);
    await daemon.call('NetworkDriver.CreateNetwork', creation(first));
    await daemon.refusal('NetworkDriver.CreateNetwork', creation(second));
    await release();

    await removeNetwork(first);

    expect(await pools()).to.deep.equal([]);
  });

  it('stay with whoever is still about to make a network when the other fails first', async () => {
    await Promise.all([request(), request()]);
    await release();
    expect(await pools()).to.deep.equal([`${PoolID} -`]);

    await daemon.call('NetworkDriver.CreateNetwork', creation(second));
    await removeNetwork(second);
    expect(await pools()).to.deep.equal([]);
  });

  it('are free after the removal though an earlier request was never given back', async () => {
    await request();
    clock.later(2 * MINUTE_MS);
    await createNetwork(daemon, { id: first });

    await removeNetwork(first);

    expect(await pools()).to.deep.equal([]);
  });

  it('are freed when no network comes to be', async () => {
    await request();
    await rounds();
    expect(await pools()).to.deep.equal([`${PoolID} -`]);

    await rounds();
    clock.later(6 * MINUTE_MS);
    await rounds();

    expect(await pools()).to.deep.equal([]);
    expect(daemon.parts.forgottenNetworks.counts).to.deep.equal({ networks: 0, pools: 1 });
  });

  it('are freed with the network of a selftest that was killed, once no container is on it', async () => {
    const id = throwAwayNetworkId(7, 'ab'.repeat(32));
    await createNetwork(daemon, { id });
    await createNetwork(daemon, { id: second, subnet: '10.2.0.0/16' });
    const endpointId = dockerId('e1');
    await startContainer(daemon, { poolId: PoolID, networkId: id, endpointId });
    await rounds();
    expect(daemon.parts.forgottenNetworks.counts.networks).to.equal(0);

    await daemon.call('NetworkDriver.Leave', { NetworkID: id, EndpointID: endpointId });
    await daemon.call('NetworkDriver.DeleteEndpoint', { NetworkID: id, EndpointID: endpointId });
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID, Address: '10.1.0.2' });
    await rounds();
    clock.later(6 * MINUTE_MS);
    await rounds();

    expect(await pools()).to.deep.equal([`routed-local/10.2.0.0/16 network ${second.slice(0, 12)}`]);
    expect(daemon.parts.forgottenNetworks.counts.networks).to.equal(1);
  });

  it('are never freed under a network or a container', async () => {
    await createNetwork(daemon, { id: first });
    await startContainer(daemon, { poolId: PoolID, networkId: first, endpointId: dockerId('e1') });
    await daemon.call('IpamDriver.RequestAddress', { PoolID: 'routed-local/10.9.0.0/16', Address: '', Options: null });
    const before = await pools();

    clock.later(6 * MINUTE_MS);
    await rounds();
    clock.later(9 * MINUTE_MS);
    await rounds();

    expect(await pools()).to.deep.equal(before);
    expect(daemon.parts.forgottenNetworks.counts).to.deep.equal({ networks: 0, pools: 0 });
  });

  it('leave no network behind when Docker gave them back and the DeleteNetwork never came', async () => {
    await createNetwork(daemon, { id: first });
    await release();
    // The start looks for what earlier networks left, and nobody waits for it.
    await daemon.parts.keeper.stop();
    daemon.firewall.remove.resetHistory();

    await rounds();

    expect(await daemon.state.networks.load()).to.deep.equal([]);
    expect(daemon.firewall.remove.callCount).to.equal(1);
    expect(daemon.parts.forgottenNetworks.counts).to.deep.equal({ networks: 1, pools: 0 });
  });

  it('leave no network behind when another one has the pool by then', async () => {
    await createNetwork(daemon, { id: first });
    await release();
    await createNetwork(daemon, { id: second });

    await rounds();

    expect((await daemon.state.networks.load()).map(({ id }) => id)).to.deep.equal([second]);
    expect(await pools()).to.deep.equal([`${PoolID} network ${second.slice(0, 12)}`]);
  });

  it('leave no network behind when Docker gave back one of two', async () => {
    const ipv6 = { AddressSpace: 'routed-local', Pool: 'fd00:1::/64', SubPool: '', Options: null, V6: true };
    await request();
    await daemon.call('IpamDriver.RequestPool', ipv6);
    await daemon.call('NetworkDriver.CreateNetwork', {
      ...creation(first),
      IPv6Data: [{ AddressSpace: 'routed-local', Pool: 'fd00:1::/64', Gateway: 'fe80::1/128' }],
    });
    await release();

    await rounds();

    expect(await daemon.state.networks.load()).to.deep.equal([]);
    expect(await pools()).to.deep.equal(['routed-local/fd00:1::/64 -']);
  });

  it('are whole again for the next network when a crash kept Docker from giving back what it reserved', async () => {
    await request();
    await daemon.call('IpamDriver.RequestAddress', { PoolID, Address: '10.1.0.9', Options: null });
    await daemon.stop();
    const successor = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

    await createNetwork(successor, { id: second });

    await successor.call('IpamDriver.RequestAddress', { PoolID, Address: '10.1.0.9', Options: null });
    await successor.stop();
  });

  describe('of a network that was made when the daemon died', () => {
    const successor = async (): Promise<WiredDaemon> => {
      await createNetwork(daemon, { id: first });
      await daemon.stop();
      return await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
    };

    it('go to who asks for them next, as Docker was not answered', async () => {
      const next = await successor();

      await createNetwork(next, { id: second });

      expect((await next.state.networks.load()).map(({ id }) => id)).to.deep.equal([second]);
      await next.stop();
    });

    it('stay with it once Docker starts a container on it', async () => {
      const next = await successor();
      await startContainer(next, { poolId: PoolID, networkId: first, endpointId: dockerId('e1') });
      await next.stop();
      const third = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

      const refusal = await third.refusal('IpamDriver.RequestPool', { AddressSpace: 'routed-local', Pool: subnet });

      expect(refusal).to.contain('in use by network aaaa');
      await third.stop();
    });

    it('stay with it when Docker was answered', async () => {
      await createNetwork(daemon, { id: first });
      await daemon.parts.networks.leaveHost();
      await daemon.stop();
      const next = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

      const refusal = await next.refusal('IpamDriver.RequestPool', { AddressSpace: 'routed-local', Pool: subnet });

      expect(refusal).to.contain('in use by network aaaa');
      await next.stop();
    });
  });

  it('lose a claim of which a crash let no network come to be', async () => {
    await request();
    const put = sinon.stub(daemon.state.networks, 'put').returns(new Promise(() => undefined));
    void daemon.call('NetworkDriver.CreateNetwork', creation(first));
    while (put.callCount === 0) await new Promise((resolve) => setImmediate(resolve));
    put.restore();
    await daemon.stop();

    const successor = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

    // Nobody has an address of it, so the pool itself goes as well.
    expect(await pools(successor)).to.deep.equal([]);
    await createNetwork(successor, { id: second });
  });
});
