import { hostPrefix, UNANNOUNCED_TABLE } from '@routed/datapath';
import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from '../support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const address = '10.1.0.2';

describe('a route that is withheld', () => {
  let daemon: WiredDaemon;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    const poolId = await createNetwork(daemon);
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
});
