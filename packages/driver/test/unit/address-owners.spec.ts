import type { Container, ContainerControl, DockerContainers } from '@routed/docker-engine';
import { expect } from 'chai';
import { createNetwork, dockerId, dockerOf, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const networkId = dockerId('c98909');

describe('an address that another container had', () => {
  let containers: Container[];
  let daemon: WiredDaemon;
  let poolId: string;
  let owners: DockerContainers['owners'];

  const wire = (before?: WiredDaemon): Promise<WiredDaemon> => {
    const docker = dockerOf(() => containers);
    owners = (id) => docker.owners(id);
    const state = before === undefined ? {} : { kernel: before.kernel, state: before.state };
    return wiredDaemon({ docker: { list: () => docker.list(), owners: (id) => owners(id) }, ...state });
  };
  const start = async (name: string, endpointId: string, address: string): Promise<void> => {
    await startContainer(daemon, { poolId, endpointId: dockerId(endpointId), address });
    const networks = [{ networkName: 'mine', networkId, endpointId: dockerId(endpointId) }];
    containers = [...containers, { id: dockerId(`c${endpointId}`), name, networks }];
  };
  const remove = async (endpointId: string, address: string): Promise<void> => {
    const ids = { NetworkID: networkId, EndpointID: dockerId(endpointId) };
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: address });
    containers = containers.filter(({ networks }) => networks[0]?.endpointId !== dockerId(endpointId));
  };
  const moves = (): string[] =>
    daemon.parts.journal
      .entries()
      .filter(({ kind }) => kind === 'moved')
      .map(({ addresses, detail }) => `${addresses.join(' ')}: ${detail}`);

  beforeEach(async () => {
    containers = [];
    daemon = await wire();
    poolId = await createNetwork(daemon);
    await start('web', 'e1', '10.1.0.2');
    await start('db', 'e2', '10.1.0.3');
    await daemon.parts.owners.learn();
  });
  afterEach(async () => {
    await daemon.reaper.flush();
    await daemon.stop();
  });

  it('is no news the first time', () => {
    expect(moves()).to.deep.equal([]);
  });

  it('is told in the journal when two containers swap, also by the next daemon', async () => {
    await remove('e1', '10.1.0.2');
    await remove('e2', '10.1.0.3');
    await daemon.stop();
    daemon = await wire(daemon);

    await start('web', 'e3', '10.1.0.3');
    await start('db', 'e4', '10.1.0.2');
    await daemon.parts.owners.learn();

    expect(moves()).to.have.members([
      '10.1.0.3: container web has it now; container db had it last',
      '10.1.0.2: container db has it now; container web had it last',
    ]);
  });

  it('is no news when the container has it again, or one that was made anew in its place', async () => {
    await remove('e1', '10.1.0.2');
    await start('web', 'e3', '10.1.0.2');

    await daemon.parts.owners.learn();

    expect(moves()).to.deep.equal([]);
  });

  it('is told later when Docker does not answer', async () => {
    await remove('e1', '10.1.0.2');
    await start('other', 'e3', '10.1.0.2');
    owners = () => Promise.reject(new Error('Docker is away'));
    await daemon.parts.owners.learn();
    expect(moves()).to.deep.equal([]);

    const docker = dockerOf(() => containers);
    owners = (id) => docker.owners(id);
    await daemon.parts.owners.learn();

    expect(moves()).to.deep.equal(['10.1.0.2: container other has it now; container web had it last']);
  });

  it('is told when Docker names the container late, as it does on a busy host', async () => {
    await remove('e1', '10.1.0.2');
    await start('other', 'e3', '10.1.0.2');
    owners = () => Promise.resolve(new Map());
    await daemon.parts.owners.learn();

    const docker = dockerOf(() => containers);
    owners = (id) => docker.owners(id);
    await daemon.parts.owners.learn();

    expect(moves()).to.deep.equal(['10.1.0.2: container other has it now; container web had it last']);
  });

  it('is told when Docker names the container meanwhile to somebody else', async () => {
    await remove('e1', '10.1.0.2');
    await start('other', 'e3', '10.1.0.2');
    const docker = dockerOf(() => containers);
    const { known } = daemon.parts;
    owners = async () => {
      await known.noting({ ...(docker as ContainerControl), list: () => docker.list() }).list();
      return new Map();
    };
    await daemon.parts.owners.learn();
    expect(known.unnamed(networkId, 60_000)).to.deep.equal([]);

    owners = (id) => docker.owners(id);
    await daemon.parts.owners.learn();

    expect(moves()).to.deep.equal(['10.1.0.2: container other has it now; container web had it last']);
  });
});
