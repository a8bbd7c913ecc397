import { linkNames } from '@routed/datapath';
import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const gone = dockerId('c98909');
const endpointId = dockerId('c80b7eea65283f');
const forwardingIpv4 = 'net/ipv4/ip_forward';
const forwardingIpv6 = 'net/ipv6/conf/all/forwarding';

describe('what a network left on the host whose removal was cut off', () => {
  let first: WiredDaemon;
  let daemon: WiredDaemon;
  beforeEach(async () => {
    first = await wiredDaemon();
  });
  afterEach(() => daemon.stop());

  const setting = (key: string): string | undefined => daemon.kernel.inspect().sysctls.get(key);
  const gateways = (): string[] =>
    daemon.kernel
      .inspect()
      .addresses.filter(({ linkIndex, address }) => linkIndex === 1 && !/^(127\.|::1)/.test(address))
      .map(({ address }) => address);

  /** The record is gone, and nothing else: the daemon was killed there. */
  async function restartWithout(networkId: string): Promise<void> {
    await first.stop();
    await first.state.networks.remove(networkId);
    daemon = await wiredDaemon({ kernel: first.kernel, state: first.state });
    await tidied();
  }

  /** Nobody waits for it but those who stop. */
  const tidied = (): Promise<void> => daemon.parts.keeper.stop();

  it('goes at the next start, forwarding of IPv4 aside, which each start switches on', async () => {
    await createNetwork(first, { gateway: '10.1.0.1/16' });
    await createNetwork(first, { id: dockerId('6'), subnet: 'fd00:1::/64' });
    await first.state.networks.remove(dockerId('6'));

    await restartWithout(gone);

    expect(gateways()).to.deep.equal([]);
    expect(daemon.firewall.remove.callCount).to.equal(1);
    expect([setting(forwardingIpv4), setting(forwardingIpv6)]).to.deep.equal(['1', '0']);
  });

  it('goes once: later rounds run nothing', async () => {
    await createNetwork(first);
    await restartWithout(gone);

    await tidied();
    await daemon.parts.keeper.start();
    await tidied();

    expect(daemon.firewall.remove.callCount).to.equal(1);
  });

  it('goes without what other networks need', async () => {
    await createNetwork(first, { gateway: '10.1.0.1/16' });
    await createNetwork(first, { id: dockerId('beef'), subnet: '10.2.0.0/16', gateway: '10.2.0.1/16' });
    expect(first.kernel.inspect().addresses.map(({ address }) => address)).to.include('10.1.0.1/32');

    await restartWithout(gone);

    expect(gateways()).to.deep.equal(['10.2.0.1/32']);
    expect(daemon.firewall.remove.callCount).to.equal(0);
  });

  it('is no leftover while a container runs whose records are lost', async () => {
    const poolId = await createNetwork(first, { gateway: '10.1.0.1/16' });
    await startContainer(first, { poolId, endpointId, address: '10.1.0.2' });
    await first.kernel.links.set({ name: linkNames(endpointId).container }, { netns: first.kernel.createNetns() });
    await first.stop();

    daemon = await wiredDaemon({ kernel: first.kernel });
    await tidied();

    expect(gateways()).to.deep.equal(['10.1.0.1/32']);
    expect(daemon.firewall.remove.callCount).to.equal(0);
  });

  it('is no leftover while the network of an endpoint is lost', async () => {
    const poolId = await createNetwork(first, { gateway: '10.1.0.1/16' });
    await startContainer(first, { poolId, endpointId, address: '10.1.0.2' });
    await first.kernel.links.set({ name: linkNames(endpointId).container }, { netns: first.kernel.createNetns() });

    await restartWithout(gone);

    expect(gateways()).to.deep.equal(['10.1.0.1/32']);
    expect(daemon.firewall.remove.callCount).to.equal(0);
  });

  it('is tried again in the next round where DeleteNetwork could not take it away', async () => {
    daemon = first;
    await tidied();
    daemon.firewall.remove.resetHistory();
    await createNetwork(first, { gateway: '10.1.0.1/16' });
    const { addresses } = first.kernel;
    const remove = addresses.delete.bind(addresses);
    addresses.delete = () => Promise.reject(new Error('the kernel is busy'));
    expect(await first.refusal('NetworkDriver.DeleteNetwork', { NetworkID: gone })).to.equal('the kernel is busy');
    addresses.delete = remove;

    await tidied();
    await daemon.parts.keeper.start();
    await tidied();

    expect(gateways()).to.deep.equal([]);
    expect(daemon.firewall.remove.callCount).to.equal(1);
  });
});
