import type { DockerNetworks } from '@routed/docker-engine';
import { linkNames } from '@routed/datapath';
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerRemovals, PAUSE_MS } from '../../src/upkeep/docker-removals.ts';
import { DockerError } from '@routed/docker-engine';
import {
  createNetwork,
  dockerId,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from './support/wired.ts';

const networkId = dockerId('c98909');
const endpointId = dockerId('c80b7eea65283f');
const runningId = dockerId('beef');
const address = '10.1.0.2';

type Answers = Pick<DockerNetworks, 'networks' | 'endpointsOf'>;

describe('what Docker removed while the daemon was away', () => {
  let first: WiredDaemon;
  let daemon: WiredDaemon;
  let poolId: string;
  beforeEach(async () => {
    first = await wiredDaemon();
    poolId = await createNetwork(first);
    await startContainer(first, { poolId, endpointId, address });
    await first.parts.networks.confirm(networkId);
  });

  /** Docker, with these networks and endpoints. */
  const docker = (networks: readonly string[], ...endpoints: readonly string[]): Answers => ({
    networks: () => Promise.resolve(networks.map((id) => ({ id }) as never)),
    endpointsOf: () => Promise.resolve(new Set(endpoints)),
  });

  async function restart(answers: Answers, meanwhile?: () => Promise<unknown>, usualPauseMs = 5): Promise<void> {
    await first.stop();
    daemon = await wiredDaemon({ kernel: first.kernel, state: first.state });
    const { networks, endpoints, leases, forgottenNetworks } = daemon.parts;
    const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: daemon.warnings };
    const into = { networks, endpoints, leases, forgottenNetworks, rtnl: daemon.kernel, logger };
    const pauseMs = meanwhile === undefined ? usualPauseMs : 50;
    const removals = new DockerRemovals({ docker: answers, ...into, pauseMs });
    await Promise.all([removals.start(), meanwhile?.()]);
    await daemon.stop();
    await daemon.reaper.flush();
  }
  const request = (): Promise<unknown> =>
    daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: address, Options: null });
  const ids = async (): Promise<string[]> => (await daemon.state.endpoints.load()).map(({ id }) => id);

  it('is free as soon as Docker has said so twice', async () => {
    await restart(docker([networkId]));

    expect(await ids()).to.deep.equal([]);
    expect(daemon.kernel.inspect().links.filter(({ name }) => name.startsWith('vethr'))).to.deep.equal([]);
    expect(daemon.parts.describe(address).history.at(-1)).to.include({ kind: 'released' });
    await request();
  });

  it('is free also where its link went with its container', async () => {
    await restart(docker([networkId]), async () => {
      await daemon.kernel.links.delete({ name: linkNames(endpointId).host });
      daemon.repair();
    });

    expect(await ids()).to.deep.equal([]);
    await request();
  });

  it('is free also where Docker was still removing it, and left the container before', async () => {
    await first.call('NetworkDriver.Leave', { NetworkID: networkId, EndpointID: endpointId });
    let answer = 0;
    const removing = {
      ...docker([networkId]),
      endpointsOf: () => Promise.resolve(new Set(answer++ < 2 ? [endpointId] : [])),
    };

    await restart(removing);

    expect(await ids()).to.deep.equal([]);
    await request();
  });

  it('is no container that Docker knows, or comes to know while it is asked', async () => {
    await restart(docker([networkId], endpointId));
    expect(await ids()).to.deep.equal([endpointId]);
    let answer = 0;
    const starting = {
      ...docker([networkId]),
      endpointsOf: () => Promise.resolve(new Set(answer++ === 0 ? [] : [endpointId])),
    };

    await restart(starting);

    expect(await ids()).to.deep.equal([endpointId]);
  });

  it('is no container that runs, whatever Docker says: it may be another Docker', async () => {
    await moveToSandbox(first, endpointId);

    await restart(docker([]));

    expect(await ids()).to.deep.equal([endpointId]);
    expect(daemon.parts.networks.get(networkId)).to.not.equal(undefined);
  });

  it('is no endpoint that Docker joins meanwhile', async () => {
    await first.call('NetworkDriver.Leave', { NetworkID: networkId, EndpointID: endpointId });

    await restart(docker([networkId]), async () => {
      const at = { NetworkID: networkId, EndpointID: endpointId };
      await daemon.call('NetworkDriver.Join', { ...at, SandboxKey: '/var/run/docker/netns/next', Options: {} });
    });

    expect(await ids()).to.deep.equal([endpointId]);
  });

  it('is no endpoint that a call has come for meanwhile', async () => {
    await restart(docker([networkId]), async () => {
      const at = { NetworkID: networkId, EndpointID: endpointId };
      await daemon.call('NetworkDriver.Leave', at);
      await daemon.reaper.flush();
      await daemon.call('NetworkDriver.Join', { ...at, SandboxKey: '/var/run/docker/netns/next', Options: {} });
    });

    expect(await ids()).to.deep.equal([endpointId]);
  });

  it('may be a network: its prefix is free for another one', async () => {
    await restart(docker([]));

    expect(daemon.parts.networks.all()).to.deep.equal([]);
    expect(daemon.ipam.pools()).to.deep.equal([]);
    await createNetwork(daemon, { id: dockerId('aaaa') });
  });

  it('is free within 2 s of the start: container, network and prefix', async () => {
    const { networks, endpoints } = first.state;
    const left = async (): Promise<number> => (await networks.load()).length + (await endpoints.load()).length;
    expect(await left()).to.equal(2);
    const startedAt = performance.now();

    const restarting = restart(docker([]), undefined, PAUSE_MS);
    while ((await left()) > 0) await sleep(10);

    expect(performance.now() - startedAt).to.be.below(2_000);
    await restarting;
    expect(daemon.ipam.pools()).to.deep.equal([]);
  });

  it('is no network that Docker may be about to make, until it has not listed it for a while', async () => {
    const id = dockerId('dddd');
    await createNetwork(first, { id, subnet: '10.2.0.0/16' });
    let answer = 0;
    const making = {
      ...docker([networkId]),
      networks: () => docker([networkId, ...(++answer > 3 ? [id] : [])]).networks(),
    };

    await restart(making);
    expect(daemon.parts.networks.get(id)).to.not.equal(undefined);

    await restart(docker([networkId]));
    expect(daemon.parts.networks.all().map((network) => network.id)).to.deep.equal([networkId]);
  });

  it('is asked for again when Docker does not answer', async () => {
    let asked = 0;
    const answers = docker([networkId]);
    const networks: Answers['networks'] = (signal) => {
      if (asked++ === 0) throw new DockerError('DOCKER_UNREACHABLE', 'not yet');
      return answers.networks(signal);
    };

    await restart({ ...answers, networks });

    expect(await ids()).to.deep.equal([]);
  });

  it('leaves other containers of the network alone', async () => {
    await startContainer(first, { poolId, endpointId: runningId, address: '10.1.0.3' });
    await moveToSandbox(first, runningId);

    await restart(docker([networkId], runningId));

    expect(await ids()).to.deep.equal([runningId]);
    expect(daemon.kernel.inspect().routes.some(({ destination }) => destination === '10.1.0.3/32')).to.equal(true);
  });
});
