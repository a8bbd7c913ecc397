import { linkNames } from '@routed/datapath';
import type { DockerNetwork } from '@routed/docker-engine';
import { expect } from 'chai';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
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
const subnet = '10.1.0.0/16';

describe('a network that an operator has forgotten', () => {
  let docker: DockerNetwork[];
  let daemon: WiredDaemon;
  beforeEach(async () => {
    docker = [];
    daemon = await wiredDaemon({ dockerNetworks: docker });
    const poolId = await createNetwork(daemon);
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
  });
  afterEach(() => daemon.stop());

  const forget = (asked: string) => daemon.parts.networkRemoval.forget(asked);
  const known = (name: string, id: string): void => {
    docker.push({ id, name, driver: 'routed', ipamDriver: 'routed', options: {}, subnets: [] });
  };

  for (const asked of [networkId, networkId.slice(0, 12), subnet]) {
    it(`goes with its endpoints, and its subnet is free: ${asked}`, async () => {
      expect(await forget(asked)).to.deep.equal({ networkId, prefixes: [subnet], endpoints: 1 });

      expect(daemon.parts.networks.all()).to.deep.equal([]);
      expect(daemon.parts.endpoints.all()).to.deep.equal([]);
      expect(daemon.ipam.pools()).to.deep.equal([]);
      await daemon.reaper.flush();
      expect(daemon.kernel.inspect().links.map(({ name }) => name)).to.deep.equal(['lo']);
      await createNetwork(daemon, { id: dockerId('beef') });
    });
  }

  it('stays while Docker has it, by name or by id', async () => {
    known('apps', networkId);

    for (const asked of ['apps', networkId.slice(0, 12), subnet])
      expect(await messageOf(forget(asked)), asked).to.contain(
        'Docker has network apps: remove it with docker network rm apps',
      );
    expect(daemon.parts.networks.all()).to.have.lengthOf(1);
  });

  it('stays while a running container has an address of it', async () => {
    await moveToSandbox(daemon, endpointId);

    expect(await messageOf(forget(subnet))).to.contain('running containers have 10.1.0.2: stop them first');
    expect(daemon.kernel.inspect().links.map(({ name }) => name)).to.include(linkNames(endpointId).host);
  });

  it('is named when nothing has that id or subnet, and must be told from others', async () => {
    expect(await messageOf(forget('apps'))).to.equal(
      `no network "apps" by id or subnet (there are: ${networkId.slice(0, 12)} (${subnet}))`,
    );
    await createNetwork(daemon, { id: dockerId('c989'), subnet: '10.2.0.0/16' });
    expect(await messageOf(forget('c989'))).to.match(
      /several networks match "c989": .*10\.1\..*10\.2\..*more of the id/,
    );
  });
});
