import { expect } from 'chai';
import sinon from 'sinon';
import { fakeSandbox } from '../../../datapath/test/unit/support/sandbox.ts';
import { SetClock } from './support/set-clock.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const NetworkID = dockerId('c98909');
const ids = { NetworkID, EndpointID: endpointId };
const MINUTE_MS = 60_000;

describe('what Docker forgets', () => {
  let daemon: WiredDaemon;
  let poolId: string;
  let clock: SetClock;
  beforeEach(async () => {
    clock = new SetClock();
    daemon = await wiredDaemon();
    poolId = await createNetwork(daemon);
  });
  afterEach(async () => {
    clock.restore();
    await daemon.reaper.flush();
  });

  /** One of the rounds that come by themselves. */
  const round = async (): Promise<void> => {
    daemon.parts.forgotten.survey(daemon.kernel.inspect().links);
    await daemon.parts.forgotten.sweep();
  };
  const request = (address = '10.1.0.2') =>
    daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: address, Options: null });
  const refusal = (address = '10.1.0.2') =>
    daemon.refusal('IpamDriver.RequestAddress', { PoolID: poolId, Address: address, Options: null });
  const loseLink = () => daemon.kernel.links.delete({ name: 'vethrc80b7eea65' });
  const startAndMove = async (): Promise<void> => {
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    await fakeSandbox(daemon.kernel).receive(endpointId, '10.1.0.2/32');
  };

  it('is freed when an endpoint has lost its container for a minute', async () => {
    await startAndMove();
    await loseLink();
    daemon.repair();
    await daemon.stop();
    await round();
    expect(await daemon.state.endpoints.load()).to.have.lengthOf(1);

    clock.later(MINUTE_MS + 1);
    await round();
    clock.later(2 * MINUTE_MS + 2);
    await round();
    expect(await daemon.state.endpoints.load()).to.deep.equal([]);
    clock.later(4 * MINUTE_MS);
    await round();

    expect(daemon.parts.forgotten.counts).to.deep.equal({ left: 0, endpoints: 1, leases: 1 });
    await request();
  });

  it('is freed when no endpoint was made of a lease', async () => {
    await request();
    clock.later(MINUTE_MS - 1_000);
    await round();
    expect(daemon.parts.forgotten.counts.leases).to.equal(0);

    clock.later(MINUTE_MS + 1);
    await round();

    expect(daemon.parts.forgotten.counts.leases).to.equal(1);
    await request();
  });

  it('is freed when the release never came', async () => {
    await startAndMove();
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);

    clock.later(MINUTE_MS + 1);
    await round();

    expect(daemon.parts.forgotten.counts.leases).to.equal(1);
  });

  it('is freed with its endpoint, not after another minute, whatever the family', async () => {
    await startAndMove();
    await daemon.call('NetworkDriver.Leave', ids);
    // No DeleteEndpoint, and no release.
    clock.later(MINUTE_MS + 1);

    await round();

    expect(daemon.parts.forgotten.counts).to.deep.equal({ left: 0, endpoints: 1, leases: 1 });
    await request();
  });

  it('is freed when making the endpoint failed half way, and Docker never gave it back', async () => {
    const networkId = dockerId('dddd');
    const pools = { 4: '10.2.0.0/16', 6: 'fd00:2::/64' };
    for (const Pool of Object.values(pools)) {
      const V6 = Pool.includes(':');
      await daemon.call('IpamDriver.RequestPool', {
        AddressSpace: 'routed-local',
        Pool,
        SubPool: '',
        Options: null,
        V6,
      });
    }
    const data = (Pool: string) => [{ AddressSpace: 'routed-local', Pool }];
    const families = { IPv4Data: data(pools[4]), IPv6Data: data(pools[6]) };
    await daemon.call('NetworkDriver.CreateNetwork', { NetworkID: networkId, Options: {}, ...families });
    for (const [pool, Address] of [
      [pools[4], '10.2.0.2'],
      [pools[6], 'fd00:2::2'],
    ] as const)
      await daemon.call('IpamDriver.RequestAddress', { PoolID: `routed-local/${pool}`, Address, Options: null });
    const assign = sinon.stub(daemon.ipam, 'reassignAddress').callThrough();
    assign.onSecondCall().rejects(new Error('disk full'));
    const Interface = { Address: '10.2.0.2/32', AddressIPv6: 'fd00:2::2/128', MacAddress: '' };
    const request = { NetworkID: networkId, EndpointID: endpointId, Interface, Options: {} };
    expect(await daemon.refusal('NetworkDriver.CreateEndpoint', request)).to.equal('disk full');

    clock.later(MINUTE_MS + 1);
    await round();

    expect(daemon.parts.forgotten.counts.leases).to.equal(2);
  });

  it('is withdrawn when the container’s end of the link is back on the host', async () => {
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    await round();
    clock.later(2 * MINUTE_MS + 1);

    await round();

    expect(daemon.parts.forgotten.counts.left).to.equal(1);
    const { routes } = daemon.kernel.inspect();
    expect(routes.filter(({ protocol }) => protocol === 200)).to.deep.equal([]);
  });

  it('is never what a running container has', async () => {
    await startAndMove();
    await round();
    clock.later(10 * MINUTE_MS);

    await round();
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: '10.1.0.2' });

    expect(daemon.parts.forgotten.counts).to.deep.equal({ left: 0, endpoints: 0, leases: 0 });
    expect(await refusal()).to.contain('in use by');
  });

  it('is never an address that an operator keeps from containers', async () => {
    await daemon.call('IpamDriver.RequestPool', {
      AddressSpace: 'routed-local',
      Pool: '10.2.0.0/16',
      SubPool: '',
      Options: null,
      V6: false,
    });
    const PoolID = 'routed-local/10.2.0.0/16';
    await daemon.call('IpamDriver.RequestAddress', { PoolID, Address: '10.2.0.9', Options: null });
    await daemon.call('NetworkDriver.CreateNetwork', {
      NetworkID: dockerId('aaaa'),
      Options: {},
      IPv4Data: [{ AddressSpace: 'routed-local', Pool: '10.2.0.0/16', AuxAddresses: { router: '10.2.0.9/32' } }],
      IPv6Data: [],
    });

    clock.later(10 * MINUTE_MS);
    await round();
    const successor = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
    clock.later(20 * MINUTE_MS);
    await successor.parts.forgotten.sweep();

    const message = await daemon.refusal('IpamDriver.RequestAddress', {
      PoolID,
      Address: '10.2.0.9',
      Options: null,
    });
    expect(message).to.contain('auxiliary address "router"');
  });

  it('is not freed from who asks for it while others are freed', async () => {
    const others = ['10.1.0.3', '10.1.0.4', '10.1.0.5'];
    for (const address of [...others, '10.1.0.2']) await request(address);
    clock.later(MINUTE_MS / 2 + 1);

    await Promise.all([daemon.parts.leases.freeLoose(MINUTE_MS / 2), request()]);

    expect(await refusal(), 'of the address just leased').to.contain('in use by');
    for (const address of others) await request(address);
  });

  describe('is given to who asks for it by name', () => {
    it('when its container is gone from the kernel', async () => {
      await startAndMove();
      expect(await refusal()).to.contain('in use by');
      await loseLink();

      await request();

      expect(await daemon.state.endpoints.load()).to.deep.equal([]);
    });

    it('once, when two ask at the same time', async () => {
      await startAndMove();
      await loseLink();

      const outcomes = await Promise.allSettled([request(), request()]);

      expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    });

    it('when nobody made an endpoint of it for half a minute', async () => {
      await request();
      expect(await refusal()).to.contain('in use by');
      clock.later(MINUTE_MS / 2 + 1);

      await request();
    });

    it('when the previous run leased it, and Docker has had its time', async () => {
      await request();
      await daemon.stop();
      daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
      expect(await refusal()).to.contain('in use by');
      clock.later(MINUTE_MS);

      await request();
    });
  });

  it('comes back with a release, though no DeleteEndpoint came: the driver of the network was not told', async () => {
    await startAndMove();
    await loseLink();

    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: '10.1.0.2' });

    expect(await daemon.state.endpoints.load()).to.deep.equal([]);
    await request();
  });
});
