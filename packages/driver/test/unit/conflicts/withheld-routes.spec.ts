import { hostPrefix, UNANNOUNCED_TABLE } from '@routed/datapath';
import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from '../support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const address = '10.1.0.2';

describe('a route that is withheld', () => {
  let daemon: WiredDaemon;
  let poolId: string;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    poolId = await createNetwork(daemon);
    await startContainer(daemon, { poolId, endpointId, address });
  });
  afterEach(() => daemon.stop());

  const tables = (): (number | undefined)[] =>
    daemon.kernel
      .inspect()
      .routes.filter(({ destination }) => destination === hostPrefix(address))
      .map(({ table }) => table);

  it('stays so when its container is withdrawn and announced again, until it is taken back', async () => {
    const { cluster, endpoints } = daemon.parts;
    await cluster.suppressed.suppress({ address, endpointId });
    expect(tables()).to.deep.equal([UNANNOUNCED_TABLE]);

    for (const isAnnounced of [false, true]) {
      await endpoints.announce(endpointId, isAnnounced, 'a test');
      expect(tables(), String(isAnnounced)).to.deep.equal([UNANNOUNCED_TABLE]);
    }
    await cluster.suppressed.takeBack({ address, endpointId });

    expect(tables()).to.deep.equal([254]);
  });

  it('is no other container’s: one that gets the address next is announced at once', async () => {
    await daemon.parts.cluster.suppressed.suppress({ address, endpointId });
    const next = dockerId('d90c8ffb76394e');

    await daemon.call('NetworkDriver.Leave', { NetworkID: dockerId('c98909'), EndpointID: endpointId });
    await daemon.call('NetworkDriver.DeleteEndpoint', { NetworkID: dockerId('c98909'), EndpointID: endpointId });
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: address });
    await startContainer(daemon, { poolId, endpointId: next, address });

    expect(tables()).to.deep.equal([254]);
  });
});
