import type { Container, ContainerControl, StartQuestion } from '@routed/docker-engine';
import { expect } from 'chai';
import {
  createNetwork,
  dockerId,
  dockerOf,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
  type WiredSettings,
} from './support/wired.ts';

const networkId = dockerId('c98909');
const other = dockerId('0aa');

/** Docker with containers that are started and stopped, and one at most that it starts at a time. */
class ModelDocker {
  readonly containers = new Map<string, Container>();
  starting: string | undefined;
  questions = 0;
  /** Of the last question. */
  candidates: readonly string[] = [];

  get port(): NonNullable<WiredSettings['docker']> {
    const docker = dockerOf(() => [...this.containers.values()]);
    const starting: ContainerControl['starting'] = ({ networkId: asked, candidates }: StartQuestion) => {
      this.questions++;
      this.candidates = candidates;
      expect(asked).to.equal(networkId);
      return Promise.resolve(this.starting);
    };
    return { list: () => docker.list(), owners: (id) => docker.owners(id), starting };
  }

  set(name: string, endpointId: string, on = networkId): void {
    const networks = [{ networkName: 'mine', networkId: on, endpointId }];
    this.containers.set(name, { id: dockerId(`c${name}`), name, networks });
  }
}

describe('an address that was chosen for a container', () => {
  let docker: ModelDocker;
  let daemon: WiredDaemon;
  let poolId: string;
  let endpoints = 0;

  const wire = (before?: WiredDaemon): Promise<WiredDaemon> =>
    wiredDaemon({
      docker: docker.port,
      ...(before && { kernel: before.kernel, state: before.state }),
    });
  const restartDaemon = async (): Promise<void> => {
    await daemon.stop();
    daemon = await wire(daemon);
  };
  /** Starts a container of this name; Docker is certain or not. Returns its address without the prefix length. */
  const start = async (name: string, { isCertain = true, address = '' } = {}): Promise<string> => {
    docker.starting = isCertain ? dockerId(`c${name}`) : undefined;
    const endpointId = dockerId(`e${++endpoints}${Buffer.from(name).toString('hex')}`);
    const { address: given } = await startContainer(daemon, { poolId, endpointId, address });
    docker.set(name, endpointId);
    await daemon.parts.owners.learn();
    return given.split('/')[0] ?? '';
  };
  const endpointOf = (name: string): string => docker.containers.get(name)?.networks[0]?.endpointId ?? '';
  const stop = async (name: string): Promise<void> => {
    const ids = { NetworkID: networkId, EndpointID: endpointOf(name) };
    const address = daemon.parts.endpoints.get(ids.EndpointID)?.addresses[0]?.address ?? '';
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: address });
    docker.set(name, '');
  };
  const holderOf = (address: string): string => daemon.ipam.lease(poolId, address)?.holder ?? 'nobody';
  const told = (kind: string): string[] =>
    daemon.parts.journal
      .entries()
      .flatMap((each) => (each.kind === kind ? [`${each.addresses.join()}: ${each.detail}`] : []));

  beforeEach(async () => {
    endpoints = 0;
    docker = new ModelDocker();
    daemon = await wire();
    poolId = await createNetwork(daemon, { subnet: '10.1.0.0/29', gateway: '169.254.1.1/32' });
  });
  afterEach(async () => {
    await daemon.reaper.flush();
    await daemon.stop();
  });

  it('is the same after a stop and a start, and is kept meanwhile', async () => {
    const own = await start('web');
    await stop('web');
    expect(holderOf(own)).to.equal('container web, for which it is kept');
    const others = [await start('one'), await start('two')];

    expect(others).not.to.include(own);
    expect(await start('web')).to.equal(own);
    expect(told('kept')).to.deep.equal([`${own}: no endpoint has it; kept for container web`]);
  });

  it('costs no question while no address is kept', async () => {
    await start('web');
    await start('db');

    expect(docker.questions).to.equal(0);
  });

  it('is asked about while it waits, and not while its container has it in addition', async () => {
    const own = await start('web');
    await stop('web');
    await start('web', { isCertain: false });
    expect(docker.candidates).to.deep.equal([dockerId('cweb')]);
    expect(daemon.parts.endpoints.get(endpointOf('web'))?.additional.map(({ address }) => address)).to.deep.equal([
      own,
    ]);

    docker.questions = 0;
    await start('db');
    await restartDaemon();
    await start('cache');
    expect(docker.questions).to.equal(0);

    await stop('web');
    expect(await start('web')).to.equal(own);
    expect(docker.questions).to.equal(1);
  });

  it('stays with its container when two are restarted one after the other', async () => {
    const [web, db] = [await start('web'), await start('db')];
    await stop('web');
    await stop('db');

    expect([await start('db'), await start('web')]).to.deep.equal([db, web]);
  });

  it('goes to nobody else where it is not certain who starts, and to its container in addition', async () => {
    const [web, db] = [await start('web'), await start('db')];
    await stop('web');
    await stop('db');

    const [webNow, dbNow] = [await start('web', { isCertain: false }), await start('db', { isCertain: false })];

    expect([web, db]).not.to.include.members([webNow]).and.not.to.include.members([dbNow]);
    const added = ['web', 'db'].map((name) => daemon.parts.endpoints.get(endpointOf(name))?.additional);
    expect(added.map((each) => each?.map(({ address }) => address))).to.deep.equal([[web], [db]]);
  });

  it('is the only one again at the next start for which it is certain', async () => {
    const own = await start('web');
    await stop('web');
    const fresh = await start('web', { isCertain: false });
    await stop('web');

    expect(holderOf(fresh)).to.equal('nobody');
    expect(await start('web')).to.equal(own);
    expect(daemon.parts.endpoints.get(endpointOf('web'))?.additional).to.deep.equal([]);
  });

  it('is no longer its own when an operator takes it away', async () => {
    const own = await start('web');
    await stop('web');
    const fresh = await start('web', { isCertain: false });
    const [row] = (await daemon.parts.list.list('web')).filter(({ address }) => address === own);
    expect(row?.kind).to.equal('own');

    await daemon.parts.endpoints.reduce(endpointOf('web'), new Set([own]));
    await daemon.ipam.releaseAddress({ poolId, address: own });
    await stop('web');
    const next = await start('web');
    await stop('web');

    expect([own, fresh].map(holderOf)).to.deep.equal(['nobody', 'nobody']);
    expect(await start('web')).to.equal(next);
  });

  it('is free again once its container or its network is gone', async () => {
    const [web, db] = [await start('web'), await start('db')];
    await stop('web');
    await stop('db');
    docker.containers.delete('web');
    docker.set('db', '', other);

    await daemon.parts.keptKeeper.compare();

    expect([web, db].map(holderOf)).to.deep.equal(['nobody', 'nobody']);
    expect(await daemon.state.kept.load()).to.deep.equal([]);
  });

  it('is given away when the pool has no other, the one kept for longest first, and is told', async () => {
    const addresses: string[] = [];
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) addresses.push(await start(name));
    await stop('a3');
    await stop('a1');

    expect(await start('new', { isCertain: false })).to.equal(addresses[2]);
    expect(told('moved')[0]).to.contain('no longer kept for container a3: the pool has no other free address');
    expect(await start('a1')).to.equal(addresses[0]);
  });

  it('goes to who names it', async () => {
    const own = await start('web');
    await stop('web');

    expect(await start('db', { address: own })).to.equal(own);
    expect(told('moved')[0]).to.contain('no longer kept for container web: it was asked for by name');
    expect(await start('web')).not.to.equal(own);
  });

  it('is not kept when it was named', async () => {
    await start('web', { address: '10.1.0.5' });
    await stop('web');

    expect(holderOf('10.1.0.5')).to.equal('nobody');
  });

  it('is kept across a restart of the daemon, and across a reboot that freed its lease', async () => {
    const [web, db] = [await start('web'), await start('db')];
    await stop('web');
    await restartDaemon();
    expect(holderOf(web)).to.contain('container web');

    for (const id of ['web', 'db'].map(endpointOf)) if (id !== '') await daemon.state.endpoints.remove(id);
    await daemon.state.leases.deleteLease({ poolId, address: db });
    await restartDaemon();

    expect(holderOf(db)).to.contain('container db');
    expect([await start('db'), await start('web')]).to.deep.equal([db, web]);
  });

  it('is not given back while another host announces it, and is afterwards', async () => {
    const own = await start('web');
    await stop('web');
    const { index } = await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } });
    await daemon.kernel.addresses.add({ linkIndex: index, address: '10.9.0.1/24' });
    const far = { destination: `${own}/32`, gateway: '10.9.0.2', linkIndex: index, protocol: 188 };
    await daemon.kernel.routes.add(far);

    expect(await start('web')).not.to.equal(own);
    await stop('web');
    await daemon.kernel.routes.delete(far);
    expect(await start('web')).to.equal(own);
  });

  it("is told when another container has it all the same, and is that one's", async () => {
    const own = await start('web');
    await stop('web');
    docker.starting = dockerId('cweb');
    const endpointId = dockerId('e9');
    await startContainer(daemon, { poolId, endpointId });
    docker.set('db', endpointId);
    await daemon.parts.owners.learn();

    expect(told('failed')).to.deep.equal([
      `${own}: container db has the own address of container web: please report this`,
    ]);
  });

  it('is not kept on a network with routed.sticky=off', async () => {
    const id = dockerId('0ff');
    const pool = await createNetwork(daemon, { id, subnet: '10.2.0.0/24', driverOptions: { 'routed.sticky': 'off' } });
    const endpointId = dockerId('e77');
    const { address } = await startContainer(daemon, { poolId: pool, networkId: id, endpointId });
    docker.set('web', endpointId, id);
    await daemon.parts.owners.learn();

    const ids = { NetworkID: id, EndpointID: endpointId };
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: pool, Address: address.split('/')[0] });

    expect(daemon.ipam.lease(pool, address.split('/')[0] ?? '')).to.equal(undefined);
  });
});
