import type { Container, DockerContainers } from '@routed/docker-engine';
import { expect } from 'chai';
import sinon from 'sinon';
import {
  createNetwork,
  dockerId,
  dockerOf,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from './support/wired.ts';

const networkId = dockerId('c98909');
const [web, other] = [dockerId('f00d'), dockerId('cafe')];
const [first, second, third] = [dockerId('e1'), dockerId('e2'), dockerId('e3')];

describe('a container that is not known yet, in a network where an operator gave lists', () => {
  let containers: Container[];
  let daemon: WiredDaemon;
  let poolId: string;
  let owners: DockerContainers['owners'];

  const containerOf = (id: string, endpointId: string): Container => {
    const networks = [{ networkName: 'mine', networkId, endpointId }];
    return { id, name: id === web ? 'web' : 'other', networks };
  };
  const wire = (before?: WiredDaemon): Promise<WiredDaemon> => {
    const docker = dockerOf(() => containers);
    owners = (id) => docker.owners(id);
    const common = before === undefined ? {} : { kernel: before.kernel, state: before.state };
    return wiredDaemon({ docker: { list: (name) => docker.list(name), owners: (id) => owners(id) }, ...common });
  };
  /** Who may enter by the filter that was set last; undefined: everybody. */
  const entries = (): number | undefined => {
    const { ingress } = daemon.filters.set.lastCall.args[0] as { ingress?: { entries: unknown[] } };
    return ingress?.entries.length;
  };
  const start = (endpointId: string, address: string, driverOptions = {}): Promise<unknown> =>
    startContainer(daemon, { poolId, endpointId, address, driverOptions });
  const leave = async (endpointId: string): Promise<void> => {
    const addresses = daemon.parts.endpoints.get(endpointId)?.addresses ?? [];
    const ids = { NetworkID: networkId, EndpointID: endpointId };
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    for (const { address } of addresses) {
      await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: address });
    }
  };
  const settle = (endpointId: string): Promise<unknown> =>
    daemon.call('NetworkDriver.EndpointOperInfo', { NetworkID: networkId, EndpointID: endpointId });

  beforeEach(async () => {
    containers = [containerOf(web, first)];
    daemon = await wire();
    poolId = await createNetwork(daemon);
    await start(first, '10.1.0.2');
    await daemon.parts.filters.set('web', 'ingress', { text: '10.9.0.0/16' });
  });
  afterEach(async () => {
    daemon.parts.sticky.stop();
    await daemon.reaper.flush();
    await daemon.stop();
    sinon.restore();
  });

  it('lets nobody in from Join on, and gets its list when Docker names it', async () => {
    await leave(first);
    containers = [containerOf(web, '')];

    await start(second, '10.1.0.2');

    expect(entries()).to.equal(0);
    containers = [containerOf(web, second)];
    await settle(second);
    expect(entries()).to.equal(1);
    expect(daemon.parts.endpoints.get(second)).to.include({ ingress: '10.9.0.0/16' });
    expect(daemon.parts.endpoints.get(second)).to.not.have.property('isOwnerPending');
  });

  it('is opened when Docker says that it is another one, without a list', async () => {
    await start(second, '10.1.0.3');
    expect(entries()).to.equal(0);

    containers = [...containers, containerOf(other, second)];
    // Each call waits for 0.3 s at most, which may be too short on a busy machine.
    for (let call = 0; call < 20 && entries() !== undefined; call++) await settle(second);

    expect(entries()).to.equal(undefined);
  });

  it('has its own list again, not that of the network, when that is what it was given', async () => {
    await daemon.parts.filters.set('web', 'ingress', { text: 'any' });
    await leave(first);
    containers = [containerOf(web, '')];
    await start(second, '10.1.0.2', { 'routed.ingress': '10.3.0.0/16' });
    expect(entries()).to.equal(1);

    containers = [containerOf(web, second)];
    await settle(second);

    expect(entries()).to.equal(undefined);
  });

  it('stays closed, through a restart of the daemon, while Docker does not answer; the status says so', async () => {
    owners = () => Promise.reject(new Error('Docker is away'));
    await start(second, '10.1.0.3');
    daemon.parts.sticky.stop();
    for (const id of [first, second]) await moveToSandbox(daemon, id);
    await daemon.stop();

    daemon = await wire(daemon);
    owners = () => Promise.reject(new Error('Docker is away'));
    const now = performance.now.bind(performance);
    const closed = daemon.filters.set.args.map(
      ([filter]) => filter as { link: string; ingress?: { entries: unknown[] } },
    );
    expect(closed.find(({ link }) => link === 'vethre200000000')?.ingress?.entries).to.deep.equal([]);
    daemon.parts.sticky.start();
    await settle(second);
    sinon.replace(performance, 'now', () => now() + 5_000);
    expect(daemon.parts.status.report().problems.join()).to.match(
      /endpoint e20000000000: its container accepts no connections, because its allow list has been unknown for 5 s: Docker is away/,
    );
    sinon.restore();

    const docker = dockerOf(() => [...containers, containerOf(other, second)]);
    owners = (id) => docker.owners(id);
    await settle(second);
    await settle(second);
    expect(entries()).to.equal(undefined);
    expect(daemon.parts.status.report().problems).to.deep.equal([]);
  });

  it('lets nobody in when the list came while it was starting, and Docker did not name it yet', async () => {
    await leave(first);
    await daemon.parts.sticky.forgetNetwork(networkId);
    containers = [containerOf(web, '')];
    await start(second, '10.1.0.2');
    expect(entries()).to.equal(undefined);

    await daemon.parts.filters.set('web', 'ingress', { text: 'none' });
    expect(entries()).to.equal(0);

    containers = [containerOf(web, second)];
    await settle(second);
    expect(daemon.parts.endpoints.get(second)).to.include({ ingress: 'none' });
  });

  it('is not asked for in other networks, and does not wait', async () => {
    const asked = sinon.fake.rejects(new Error('nobody should ask'));
    await leave(first);
    await daemon.parts.sticky.forgetNetwork(networkId);
    owners = asked;

    await start(third, '10.1.0.9');
    await settle(third);

    expect(entries()).to.equal(undefined);
    expect(asked.callCount).to.equal(0);
  });

  it('does not inherit who came into the former container with its address', async () => {
    await start(second, '10.1.0.3');

    expect(daemon.connections.forget.lastCall.args).to.deep.equal([['10.1.0.3']]);
  });

  it('loses whoever came in before and may not any more', async () => {
    await daemon.parts.filters.set('web', 'ingress', { text: 'none' });

    const [addresses, list] = daemon.connections.forgetRefused.lastCall.args as [string[], { entries: unknown[] }];
    expect(addresses).to.deep.equal(['10.1.0.2']);
    expect(list.entries).to.deep.equal([]);
  });
});
