import type { Container, DockerEngine, EngineNotice } from '@routed/docker-engine';
import { expect } from 'chai';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import { type FakeSandbox, fakeSandbox } from '../../../datapath/test/unit/support/sandbox.ts';
import { createNetwork, dockerId, dockerOf, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const networkId = dockerId('c98909');
const containerId = dockerId('f00d');

/** Docker's events, of which there are none, until somebody ends it. */
const quietEngine: DockerEngine['events'] = async function* ({ signal } = {}): AsyncGenerator<EngineNotice, void> {
  yield { kind: 'resync', reason: 'first' };
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
};

describe('addresses that an operator gives a container', () => {
  let containers: Container[];
  /** How often Docker was asked for its list. */
  let lists: number;
  let sandbox: FakeSandbox;
  let daemon: WiredDaemon;
  let poolId: string;

  const listed = (endpoint: string): Container => {
    const networks = [{ networkName: 'mine', networkId, endpointId: endpoint }];
    return { id: containerId, name: 'web', networks };
  };
  const routes = (): string[] =>
    daemon.kernel
      .inspect()
      .routes.filter(({ protocol }) => protocol === 200)
      .map(({ destination }) => destination);
  const docker = dockerOf(() => containers);
  const wire = async (before?: WiredDaemon): Promise<WiredDaemon> =>
    await wiredDaemon({
      docker: {
        ...docker,
        list: () => {
          lists++;
          return docker.list();
        },
      },
      engineEvents: quietEngine,
      openSandbox: () => sandbox.open(),
      ...(before === undefined ? {} : { kernel: before.kernel, state: before.state }),
    });

  beforeEach(async () => {
    lists = 0;
    daemon = await wire();
    sandbox = fakeSandbox(daemon.kernel);
    poolId = await createNetwork(daemon, { driverOptions: { 'routed.prefixes': '192.168.7.0/24' } });
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    await sandbox.receive(endpointId, '10.1.0.2/32');
    containers = [listed(endpointId)];
  });
  afterEach(async () => {
    await daemon.parts.sandboxReconciler.stop();
    daemon.parts.sticky.stop();
    await daemon.reaper.flush();
  });

  it('are on the container, on the host and in the records at once', async () => {
    const change = await daemon.parts.addresses.add('web', '10.1.0.20');

    expect(change).to.deep.equal({ container: 'web', network: 'mine', address: '10.1.0.20', isLive: true });
    expect(sandbox.addresses()).to.include('10.1.0.20/32');
    expect(routes()).to.have.members(['10.1.0.2/32', '10.1.0.20/32']);
    expect(sandbox.opened.open).to.equal(0);
  });

  it('need no question to Docker, which has said whose the endpoint is', async () => {
    await daemon.parts.owners.learn();
    // The first answer begins to follow Docker's events; what is asked from then on holds.
    await new Promise((resolve) => setImmediate(resolve));
    daemon.parts.owners.start();
    await daemon.parts.owners.learn();

    await daemon.parts.addresses.add('web', '10.1.0.20');
    await daemon.parts.addresses.remove('web', '10.1.0.20');
    expect(lists).to.equal(0);

    await daemon.parts.addresses.add(containerId.slice(0, 12), '10.1.0.20');
    expect(lists).to.be.greaterThan(0);
  });

  it('may come from a prefix that the network allows, and may be given twice', async () => {
    await daemon.parts.addresses.add('web', '192.168.7.9');
    await daemon.parts.addresses.add('web', '192.168.7.9');

    expect(routes()).to.have.members(['10.1.0.2/32', '192.168.7.9/32']);
  });

  it('are taken away again', async () => {
    await daemon.parts.addresses.add('web', '10.1.0.20');

    const change = await daemon.parts.addresses.remove('web', '10.1.0.20');

    expect(change).to.deep.equal({ container: 'web', network: 'mine', address: '10.1.0.20', isLive: true });
    expect(sandbox.addresses()).to.deep.equal(['10.1.0.2/32']);
    expect(routes()).to.deep.equal(['10.1.0.2/32']);
    expect(await daemon.state.sticky.load()).to.deep.equal([]);
  });

  it('do not return when one of its own is taken away', async () => {
    const start = async (id: string): Promise<string> => {
      const { address } = await startContainer(daemon, { poolId, endpointId: id });
      await sandbox.receive(id, address);
      containers = [{ id: dockerId('db'), name: 'db', networks: [{ networkName: 'mine', networkId, endpointId: id }] }];
      await daemon.parts.owners.learn();
      return address.replace('/32', '');
    };
    const [first, second] = [dockerId('aa'), dockerId('bb')];
    const own = await start(first);
    await daemon.call('NetworkDriver.Leave', { NetworkID: networkId, EndpointID: first });
    await daemon.call('NetworkDriver.DeleteEndpoint', { NetworkID: networkId, EndpointID: first });
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: own });
    await start(second);
    expect(daemon.parts.endpoints.get(second)?.additional.map(({ address }) => address)).to.deep.equal([own]);

    const change = await daemon.parts.addresses.remove('db', own);

    expect(change).to.deep.equal({ container: 'db', network: 'mine', address: own, isLive: true });
    const { kind, detail } = daemon.parts.journal.entries().at(-1) ?? {};
    expect([kind, detail]).to.deep.equal(['moved', 'no longer kept for container db: it was taken away by command']);
  });

  it('stay the container’s while it is stopped, and are there when it is started again', async () => {
    await daemon.parts.addresses.add('web', '10.1.0.20');
    const ids = { NetworkID: networkId, EndpointID: endpointId };
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: '10.1.0.2' });
    containers = [listed('')];
    const wanted = { PoolID: poolId, Address: '10.1.0.20', Options: null };
    expect(await daemon.refusal('IpamDriver.RequestAddress', wanted)).to.contain('in use by container web');

    const next = dockerId('beef');
    await startContainer(daemon, { poolId, endpointId: next, address: '10.1.0.3' });
    await sandbox.receive(next, '10.1.0.3/32');
    containers = [listed(next)];
    await daemon.parts.sticky.reconcile();
    await daemon.parts.sandboxReconciler.configure(`/var/run/docker/netns/${next.slice(0, 12)}`);

    expect(routes()).to.have.members(['10.1.0.3/32', '10.1.0.20/32']);
    expect(sandbox.addresses()).to.include('10.1.0.20/32');
  });

  it('can be given to a container that does not run, from its next start on', async () => {
    containers = [listed('')];

    expect(await daemon.parts.addresses.add('web', '10.1.0.20')).to.include({ isLive: false });
    expect(routes()).to.deep.equal(['10.1.0.2/32']);
  });

  it('outlive the daemon', async () => {
    await daemon.parts.addresses.add('web', '10.1.0.20');
    await daemon.stop();

    daemon = await wire(daemon);
    await daemon.parts.sandboxReconciler.configure(`/var/run/docker/netns/${endpointId.slice(0, 12)}`);

    const announcement = { policy: 'always', isAnnounced: true, reason: 'always' };
    expect(await daemon.parts.list.list('web')).to.deep.equal([
      {
        address: '10.1.0.2',
        container: 'web',
        containerId,
        network: 'mine',
        endpointId,
        kind: 'docker',
        state: 'active',
        announcement,
      },
      {
        address: '10.1.0.20',
        container: 'web',
        containerId,
        network: 'mine',
        endpointId,
        kind: 'added',
        state: 'active',
        announcement,
      },
    ]);
  });

  it('are free again once Docker has not known the container twice, a minute apart', async () => {
    await daemon.parts.addresses.add('web', '10.1.0.20');
    await daemon.call('NetworkDriver.DeleteEndpoint', { NetworkID: networkId, EndpointID: endpointId });
    containers = [];
    const now = performance.now.bind(performance);
    let later = 0;
    performance.now = () => now() + later;
    try {
      await daemon.parts.sticky.reconcile();
      await daemon.parts.sticky.reconcile();
      expect(await daemon.state.sticky.load()).to.have.lengthOf(1);

      later = 61_000;
      await daemon.parts.sticky.reconcile();
    } finally {
      performance.now = now;
    }

    expect(await daemon.state.sticky.load()).to.deep.equal([]);
    await daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: '10.1.0.20', Options: null });
  });

  it('go with the network', async () => {
    await daemon.parts.addresses.add('web', '192.168.7.9');

    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID: networkId });

    expect(await daemon.state.sticky.load()).to.deep.equal([]);
  });

  it('leave nothing behind when the sandbox cannot be reached', async () => {
    sandbox = { ...sandbox, open: () => Promise.reject(new Error('it is gone')) };

    const message = await messageOf(daemon.parts.addresses.add('web', '10.1.0.20'));

    expect(message).to.contain('cannot get its additional addresses: it is gone');
    expect(routes()).to.deep.equal(['10.1.0.2/32']);
    expect(await daemon.state.sticky.load()).to.deep.equal([]);
    await daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: '10.1.0.20', Options: null });
  }).timeout(30_000);

  const refused: readonly (readonly [string, string])[] = [
    ['10.1.0.2', 'additional address 10.1.0.2: the endpoint has it already'],
    ['10.9.0.1', 'outside the network'],
    ['169.254.1.1', 'it is the gateway of the network'],
    ['fd00::1', 'the endpoint has no IPv6 address: create the network with --ipv6'],
    ['ten', '"ten" is not an address'],
  ];
  for (const [address, message] of refused) {
    it(`refuse ${address} with the reason`, async () => {
      expect(await messageOf(daemon.parts.addresses.add('web', address))).to.contain(message);
      expect(routes()).to.deep.equal(['10.1.0.2/32']);
    });
  }

  it('refuse an address of another endpoint, and name it', async () => {
    await startContainer(daemon, { poolId, endpointId: dockerId('abcd'), address: '10.1.0.3' });

    const message = await messageOf(daemon.parts.addresses.add('web', '10.1.0.3'));

    expect(message).to.equal('additional address 10.1.0.3 is in use by endpoint abcd00000000: choose another');
  });

  it('cannot be removed where they are not, or where Docker gave them', async () => {
    const { addresses } = daemon.parts;

    expect(await messageOf(addresses.remove('web', '10.1.0.9'))).to.equal(
      'container web does not have address 10.1.0.9 (it has: 10.1.0.2)',
    );
    expect(await messageOf(addresses.remove('web', '10.1.0.2'))).to.contain('only additional addresses can be removed');
    expect(await messageOf(addresses.remove('db', '10.1.0.2'))).to.contain('container db is not known');
  });

  it('say that one of the driver options comes back with the next start', async () => {
    const other = dockerId('abcd');
    await startContainer(daemon, {
      poolId,
      endpointId: other,
      address: '10.1.0.3',
      sandbox: '/sandbox/2',
      driverOptions: { 'routed.addresses': '10.1.0.30' },
    });
    await sandbox.receive(other, '10.1.0.3/32');
    containers = [{ ...listed(other), name: 'db' }];

    const change = await daemon.parts.addresses.remove('db', '10.1.0.30');

    expect(change).to.include({ isLive: true, returns: true });
    expect(routes()).to.not.include('10.1.0.30/32');
  });

  it("do not say so of the container's own one that it has beside a fresh one", async () => {
    const own = { poolId, family: 4, address: '10.1.0.40', isSticky: true } as const;
    await daemon.ipam.requestAddress({ poolId, address: own.address, purpose: 'sticky', holder: 'container web' });
    await daemon.parts.endpoints.extend(endpointId, [own]);

    const change = await daemon.parts.addresses.remove('web', own.address);

    expect(change).to.deep.equal({ container: 'web', network: 'mine', address: own.address, isLive: true });
    expect(routes()).to.deep.equal(['10.1.0.2/32']);
  });
});
