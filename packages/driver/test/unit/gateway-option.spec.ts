import { expect } from 'chai';
import sinon from 'sinon';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const NetworkID = dockerId('c98909');

describe('routed.gateway', () => {
  let daemon: WiredDaemon;
  beforeEach(async () => {
    daemon = await wiredDaemon({ gateway: '10.200.0.1' });
  });

  const create = (gateways: string, options: { readonly subnet?: string; readonly gateway?: string } = {}) =>
    createNetwork(daemon, { ...options, driverOptions: { 'routed.gateway': gateways } });
  const refusal = (...args: Parameters<typeof create>): Promise<string> => messageOf(create(...args));
  const held = (): string[] =>
    daemon.kernel
      .inspect()
      .addresses.filter(({ protocol }) => protocol === 200)
      .map(({ address }) => address);

  it("is the network's, in the place of the daemon's", async () => {
    const poolId = await create('10.99.0.1');

    const { Gateway } = await startContainer(daemon, { poolId, endpointId: dockerId('beef') });

    expect(Gateway).to.equal('10.99.0.1');
    expect(held()).to.deep.equal(['10.99.0.1/32']);
    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID });
    expect(held()).to.deep.equal([]);
  });

  it('is kept from containers where it lies in the subnet', async () => {
    const poolId = await create('10.1.0.7');

    const ask = { PoolID: poolId, Address: '10.1.0.7', Options: null };
    expect(await daemon.refusal('IpamDriver.RequestAddress', ask)).to.contain('the gateway');
  });

  it('may be link-local for IPv6, and is then no address of the host as a whole', async () => {
    const poolId = await create('fe80::77', { subnet: 'fd00:1::/64' });

    const { GatewayIPv6 } = await startContainer(daemon, {
      poolId,
      endpointId: dockerId('beef'),
      address: 'fd00:1::2',
    });

    expect(GatewayIPv6).to.equal('fe80::77');
    expect(held()).to.deep.equal([]);
    expect(daemon.kernel.inspect().addresses.map(({ address }) => address)).to.include('fe80::77/64');
  });

  it('agrees with the same --gateway', async () => {
    await create('10.1.0.7', { gateway: '10.1.0.7/16' });

    expect(held()).to.deep.equal(['10.1.0.7/32']);
  });

  it('is refused beside another --gateway', async () => {
    expect(await refusal('10.1.0.7', { gateway: '10.1.0.8/16' })).to.equal(
      'driver option routed.gateway=10.1.0.7: the network has --gateway 10.1.0.8: give one of them',
    );
  });

  it('is refused in a family that the network does not have', async () => {
    expect(await refusal('10.99.0.1 fe80::77')).to.equal(
      'driver option routed.gateway=fe80::77: the network has no IPv6: add --ipv6 and an IPv6 --subnet',
    );
    expect(await refusal('10.99.0.1', { subnet: 'fd00:1::/64' })).to.equal(
      'driver option routed.gateway=10.99.0.1: the network has no IPv4: add an IPv4 --subnet',
    );
  });

  it('is refused as an address of the subnet that no host can have', async () => {
    expect(await refusal('10.1.0.0')).to.match(/^driver option routed\.gateway=10\.1\.0\.0: .*network address/);
    expect(await refusal('10.1.255.255')).to.match(/^driver option routed\.gateway=10\.1\.255\.255: .*broadcast/);
  });

  describe('in a prefix that is connected to the host', () => {
    let linkIndex: number;
    beforeEach(async () => {
      linkIndex = (await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } })).index;
      await daemon.kernel.links.set({ name: 'far' }, { isUp: true });
      await daemon.kernel.addresses.add({ linkIndex, address: '10.9.0.1/24' });
    });
    afterEach(() => sinon.restore());

    /** Another machine on the link. */
    const answer = (): void => {
      sinon.stub(daemon.kernel.neighbours, 'resolve').callsFake(async ({ address }) => {
        await daemon.kernel.neighbours.add({ linkIndex, address, mac: '02:00:00:00:00:09', isPermanent: false });
      });
    };

    it('is refused as the address of another machine', async () => {
      answer();

      expect(await refusal('10.9.0.2')).to.match(
        /^driver option routed\.gateway=10\.9\.0\.2: another machine has 10\.9\.0\.2 \(MAC address 02:00:00:00:00:09 answers on link eth1\)/,
      );
      expect(held()).to.deep.equal([]);
      expect(daemon.parts.networks.all()).to.deep.equal([]);
    });

    it('is refused as --gateway, too', async () => {
      answer();

      const refused = createNetwork(daemon, { gateway: '10.9.0.2/32' });

      expect(await messageOf(refused)).to.match(/^--gateway 10\.9\.0\.2: another machine has 10\.9\.0\.2/);
    });

    it('is what the host knows of it only if somebody answers now', async () => {
      const stale = { linkIndex, address: '10.9.0.2', mac: '02:00:00:00:00:09', isPermanent: false };
      await daemon.kernel.neighbours.add(stale);

      await create('10.9.0.2');

      expect(held()).to.deep.equal(['10.9.0.2/32']);
      expect(daemon.kernel.inspect().neighbours).to.deep.equal([]);
    });

    it("may be the host's own, for which nobody is asked", async () => {
      answer();

      await create('10.9.0.1');

      expect(held()).to.deep.equal([]);
    });
  });

  it('is refused as the address of a container', async () => {
    const poolId = await createNetwork(daemon, { id: dockerId('aaaa'), subnet: '10.2.0.0/16' });
    await startContainer(daemon, {
      poolId,
      networkId: dockerId('aaaa'),
      endpointId: dockerId('beef'),
      address: '10.2.0.2',
    });

    expect(await refusal('10.2.0.2')).to.match(/10\.2\.0\.2 is the address of a container .*vethrbeef000000/);
  });
});
