import type { DockerAttachment, DockerNetwork, DockerNetworks } from '@routed/docker-engine';
import { DELETE_GROUP, linkNames } from '@routed/datapath';
import { memoryRepository } from '@routed/store';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { areRecordsOlder } from '../../src/upkeep/lost-records.ts';
import { Recovery } from '../../src/upkeep/recovery.ts';
import { DockerError } from '@routed/docker-engine';
import type { PersistentAssignment } from '../../src/containers/persistent-assignment.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const networkId = dockerId('c98909');
const endpointId = dockerId('c80b7eea65283f');
const sandboxKey = `/var/run/docker/netns/${endpointId.slice(0, 12)}`;

const network: DockerNetwork = {
  id: networkId,
  name: 'apps',
  driver: 'routed',
  ipamDriver: 'routed',
  options: { 'routed.mtu': '1400' },
  subnets: [{ prefix: '10.1.0.0/16', range: '10.1.8.0/24', gateway: '10.1.0.1', auxiliary: { router: '10.1.8.9' } }],
};

const attachment: DockerAttachment = {
  networkId,
  endpointId,
  sandboxKey,
  ipv4: '10.1.0.2',
  ipv6: '',
  mac: '02:42:0a:01:00:02',
  gateways: { 4: '169.254.1.7', 6: '' },
  options: { 'routed.spoof': 'allow' },
};

/** Well above what recovery takes without Docker. */
const settledMs = 300;

const unreachable = new DockerError('DOCKER_UNREACHABLE', 'Docker cannot be asked');

describe('the recovery of a lost state directory', () => {
  let first: WiredDaemon;
  let daemon: WiredDaemon;
  let noteRecovery: sinon.SinonSpy;
  beforeEach(async () => {
    first = await wiredDaemon();
    const poolId = await createNetwork(first, { driverOptions: { 'routed.mtu': '1400' } });
    const driverOptions = { 'routed.addresses': '10.1.0.3' };
    await startContainer(first, { poolId, endpointId, address: '10.1.0.2', driverOptions });
    await first.kernel.links.set({ name: linkNames(endpointId).container }, { netns: first.kernel.createNetns() });
    await first.stop();
    daemon = await wiredDaemon({ kernel: first.kernel });
    noteRecovery = sinon.fake.resolves(undefined);
  });
  afterEach(() => daemon.stop());

  async function recover(docker: Partial<DockerNetworks>): Promise<void> {
    const asked = { networks: () => Promise.resolve([network]), attachments: () => Promise.resolve([attachment]) };
    const { parts, kernel: rtnl, ipam } = daemon;
    const { networks, endpoints, keeper, leases } = parts;
    const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: daemon.warnings };
    const into = { networks, endpoints, leases, keeper, drivers: parts, ipam, state: { noteRecovery } };
    const driverNames = ['routed', 'net-routed', 'ipam-routed'];
    const recovery = new Recovery({ docker: { ...asked, ...docker }, rtnl, ...into, driverNames, logger });
    await Promise.race([recovery.start(), sleep(settledMs)]);
    await recovery.stop();
    await keeper.stop();
  }

  it('finds the network with all that its user said', async () => {
    await recover({});

    expect(daemon.parts.networks.require(networkId)).to.deep.include({
      mtuBytes: 1400,
      pools: [
        { poolId: 'routed-local/10.1.0.0/16/10.1.8.0/24', family: 4, prefix: '10.1.0.0/16', gateway: '10.1.0.1' },
      ],
    });
    const leases = [...daemon.ipam.leases('routed-local/10.1.0.0/16/10.1.8.0/24')];
    expect(leases.map(({ address, purpose, holder }) => [address, purpose, holder])).to.have.deep.members([
      ['10.1.0.1', 'gateway', 'the gateway'],
      ['10.1.8.9', 'auxiliary', 'auxiliary address "router"'],
      ['10.1.0.2', 'endpoint', 'endpoint c80b7eea6528'],
      ['10.1.0.3', 'additional', 'endpoint c80b7eea6528'],
    ]);
    expect(noteRecovery.callCount).to.equal(1);
  });

  it('finds the endpoint with the addresses and the MTU that the kernel has', async () => {
    await recover({});

    const endpoint = daemon.parts.endpoints.get(endpointId);
    expect(endpoint).to.deep.include({ networkId, sandboxKey, mtuBytes: 1400, spoof: 'allow', mac: attachment.mac });
    expect(endpoint?.addresses.map(({ address, gateway }) => [address, gateway])).to.deep.equal([
      ['10.1.0.2', '169.254.1.7'],
    ]);
    expect(endpoint?.additional.map(({ address, isSticky }) => [address, isSticky])).to.deep.equal([
      ['10.1.0.3', false],
    ]);
  });

  it('writes nothing to the link and the routes of a container that runs', async () => {
    const { links, routes } = first.kernel.inspect();

    await recover({});

    const after = daemon.kernel.inspect();
    expect(after.links).to.deep.equal(links);
    expect(after.routes.filter(({ linkIndex }) => linkIndex !== 1)).to.deep.equal(
      routes.filter(({ linkIndex }) => linkIndex !== 1),
    );
  });

  it('lets networks of other drivers be, and knows the tag of a managed plugin', async () => {
    const others = [
      { ...network, driver: 'bridge' },
      { ...network, ipamDriver: 'default' },
    ];
    await recover({ networks: () => Promise.resolve(others) });
    expect(daemon.parts.networks.get(networkId)).to.equal(undefined);

    await recover({ networks: () => Promise.resolve([{ ...network, driver: 'routed:latest' }]) });
    expect(daemon.parts.networks.get(networkId)?.id).to.equal(networkId);
  });

  it('gives back what it took for a network that cannot be', async () => {
    const wrong = { ...network, options: { 'routed.mtu': 'many' } };

    await recover({ networks: () => Promise.resolve([wrong]) });

    expect(daemon.ipam.pools()).to.deep.equal([]);
    expect(daemon.warnings.lastCall.args[1]).to.contain('cannot be recovered');
    expect(noteRecovery.callCount).to.equal(1);
  });

  it('stays due when Docker does not answer', async () => {
    await recover({ attachments: () => Promise.reject(unreachable) });

    expect(noteRecovery.callCount).to.equal(0);
  });

  it('lets an endpoint be whose link is gone', async () => {
    await recover({ attachments: () => Promise.resolve([{ ...attachment, endpointId: dockerId('beef') }]) });

    expect(daemon.parts.endpoints.all()).to.deep.equal([]);
  });

  it('takes an address from an endpoint of an older backup that is no more', async () => {
    const former = dockerId('f0e');
    const older = await wiredDaemon();
    const poolId = await createNetwork(older, { driverOptions: { 'routed.mtu': '1400' } });
    await startContainer(older, { poolId, endpointId: former, address: '10.1.0.2' });
    await older.stop();
    await daemon.stop();
    daemon = await wiredDaemon({ kernel: first.kernel, state: older.state });
    expect(await areRecordsOlder(daemon.kernel, daemon.parts.endpoints)).to.equal(true);

    await recover({});

    expect(daemon.parts.endpoints.all().map(({ id }) => id)).to.deep.equal([endpointId]);
    expect(daemon.ipam.lease(poolId, '10.1.0.2')?.holder).to.equal('endpoint c80b7eea6528');
    expect(await areRecordsOlder(daemon.kernel, daemon.parts.endpoints)).to.equal(false);
  });

  it('is not due for links that are on the way out', async () => {
    await daemon.kernel.links.set({ name: linkNames(endpointId).host }, { group: DELETE_GROUP });

    expect(await areRecordsOlder(daemon.kernel, daemon.parts.endpoints)).to.equal(false);
  });

  it('lets nobody into a container that may have a list from an operator, before it is known which it is', async () => {
    await daemon.stop();
    const record = { id: `other ${networkId}`, containerId: 'other', containerName: 'other', networkId };
    const lists = memoryRepository<PersistentAssignment>();
    await lists.put({ ...record, networkName: 'apps', addresses: [], ingress: 'none' });
    const older = await wiredDaemon();
    await older.stop();
    daemon = await wiredDaemon({ kernel: first.kernel, state: { ...older.state, sticky: lists } });

    await recover({});

    expect(daemon.parts.endpoints.get(endpointId)).to.include({ isOwnerPending: true });
    daemon.parts.sticky.stop();
  });
});
