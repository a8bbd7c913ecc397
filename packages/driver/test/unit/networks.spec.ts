import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const NetworkID = dockerId('c98909');
const requestPool = (Pool: string) => ({ AddressSpace: 'routed-local', Pool, SubPool: '', Options: null, V6: false });

describe('networks', () => {
  let daemon: WiredDaemon;
  beforeEach(async () => {
    daemon = await wiredDaemon();
  });

  it('offers the virtual gateway with the pool, so that Docker asks for none', async () => {
    const reply = await daemon.call('IpamDriver.RequestPool', requestPool('10.1.2.3/16'));

    expect(reply).to.deep.equal({
      PoolID: 'routed-local/10.1.0.0/16',
      Pool: '10.1.0.0/16',
      Data: { 'com.docker.network.gateway': '169.254.1.1/32' },
    });
  });

  it('switches forwarding on and makes the firewall accept container links', async () => {
    await createNetwork(daemon);

    expect(daemon.kernel.inspect().sysctls.get('net/ipv4/ip_forward')).to.equal('1');
    expect(daemon.firewall.ensure.callCount).to.equal(1);
  });

  it('keeps router advertisements working on links that relied on them when IPv6 forwarding is switched on', async () => {
    const { index } = await daemon.kernel.links.createVeth({ name: 'eth0', isUp: true, peer: { name: 'far' } });
    await daemon.kernel.routes.add({ destination: '::/0', linkIndex: index });
    await daemon.kernel.netns.writeSysctl('net/ipv6/conf/eth0/accept_ra', '1');

    await createNetwork(daemon, { subnet: 'fd00:1::/64' });

    const { sysctls } = daemon.kernel.inspect();
    expect(sysctls.get('net/ipv6/conf/all/forwarding')).to.equal('1');
    expect(sysctls.get('net/ipv6/conf/eth0/accept_ra')).to.equal('2');
  });

  it("takes the host's traces away with the last network, not before", async () => {
    // The start looks for what earlier networks left, and nobody waits for it.
    await daemon.parts.keeper.stop();
    daemon.firewall.remove.resetHistory();
    await createNetwork(daemon);
    await createNetwork(daemon, { id: dockerId('aaaa'), subnet: '10.2.0.0/16', gateway: '10.2.0.1/32' });
    const gateways = (): string[] =>
      daemon.kernel
        .inspect()
        .addresses.filter(({ protocol }) => protocol === 200)
        .map(({ address }) => address);
    expect(gateways()).to.have.members(['169.254.1.1/32', '10.2.0.1/32']);

    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID: dockerId('aaaa') });
    expect(gateways()).to.deep.equal(['169.254.1.1/32']);
    expect(daemon.firewall.remove.callCount).to.equal(0);

    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID });
    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID });
    expect(gateways()).to.deep.equal([]);
    expect(daemon.firewall.remove.callCount).to.equal(1);
  });

  it("adds no gateway address where the host has it, and takes the operator's never away", async () => {
    const own = await wiredDaemon({ gateway: '10.200.0.1' });
    const { index } = await own.kernel.links.createVeth({ name: 'eth0', isUp: true, peer: { name: 'far' } });
    await own.kernel.addresses.add({ linkIndex: index, address: '10.200.0.1/24' });

    await createNetwork(own);
    await own.call('NetworkDriver.DeleteNetwork', { NetworkID });

    const held = own.kernel.inspect().addresses.filter(({ address }) => address.startsWith('10.200.0.1/'));
    expect(held.map(({ address, linkIndex }) => [address, linkIndex])).to.deep.equal([['10.200.0.1/24', index]]);
  });

  it('undoes a network that cannot be finished', async () => {
    daemon.kernel.failNext('address.replace', 'ENOBUFS');
    const failed = await createNetwork(daemon).catch((error: unknown) => String(error));
    expect(failed).to.contain('ENOBUFS');

    await createNetwork(daemon);
  });

  describe('refuse with the reason', () => {
    const pool = { AddressSpace: 'routed-local', Pool: '10.1.0.0/16', Gateway: '169.254.1.1/32' };
    const create = (changes: object): object => ({
      NetworkID,
      Options: {},
      IPv4Data: [pool],
      IPv6Data: [],
      ...changes,
    });

    it('a missing subnet', async () => {
      expect(await daemon.refusal('IpamDriver.RequestPool', requestPool(''))).to.contain('add --subnet 10.1.0.0/16');
      const ipv6 = { ...requestPool(''), V6: true };
      expect(await daemon.refusal('IpamDriver.RequestPool', ipv6)).to.contain('add --ipv6 --subnet fd00:1::/64');
    });

    it('a network without any subnet', async () => {
      const request = { NetworkID, Options: {}, IPv4Data: [], IPv6Data: [] };

      expect(await daemon.refusal('NetworkDriver.CreateNetwork', request)).to.match(
        /^a routed network needs a prefix.*--subnet.*--ipam-driver routed/,
      );
      expect(daemon.parts.networks.all()).to.deep.equal([]);
    });

    it('a subnet that overlaps another network', async () => {
      await createNetwork(daemon);

      expect(await daemon.refusal('IpamDriver.RequestPool', requestPool('10.1.128.0/17'))).to.match(
        /10\.1\.128\.0\/17.*overlaps.*10\.1\.0\.0\/16/,
      );
    });

    it('a subnet that another network has', async () => {
      await createNetwork(daemon);

      expect(await daemon.refusal('IpamDriver.RequestPool', requestPool('10.1.0.0/16'))).to.contain(
        'network c98909000000',
      );
    });

    it('a subnet that is connected to the host', async () => {
      const { index } = await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } });
      await daemon.kernel.addresses.add({ linkIndex: index, address: '10.1.7.1/24' });

      expect(await daemon.refusal('IpamDriver.RequestPool', requestPool('10.1.0.0/16'))).to.contain('eth1');
    });

    it("a gateway of the daemon's that the pool cannot spare", async () => {
      const own = await wiredDaemon({ gateway: '10.1.0.0' });

      expect(await own.refusal('IpamDriver.RequestPool', requestPool('10.1.0.0/16'))).to.match(
        /^--gateway 10\.1\.0\.0 of routed-plugin: /,
      );
      await own.call('IpamDriver.RequestPool', requestPool('10.2.0.0/16'));
    });

    it("addresses of Docker's own IPAM", async () => {
      const request = create({ IPv4Data: [{ ...pool, AddressSpace: 'LocalDefault' }] });

      expect(await daemon.refusal('NetworkDriver.CreateNetwork', request)).to.contain('--ipam-driver routed');
    });

    it('an MTU that IPv6 does not work with', async () => {
      const request = create({
        Options: { 'com.docker.network.generic': { 'routed.mtu': '1279' } },
        IPv6Data: [{ AddressSpace: 'routed-local', Pool: 'fd00::/64' }],
      });

      expect(await daemon.refusal('NetworkDriver.CreateNetwork', request)).to.contain('at least 1280 bytes');
    });
  });
});

describe('addresses', () => {
  let daemon: WiredDaemon;
  let PoolID: string;
  const request = (Address: string): object => ({ PoolID, Address, Options: null });
  beforeEach(async () => {
    daemon = await wiredDaemon({ gateway: '10.1.0.1' });
    PoolID = await createNetwork(daemon);
  });

  it('come as /32 and are given once', async () => {
    expect(await daemon.call('IpamDriver.RequestAddress', request('10.1.0.2'))).to.deep.include({
      Address: '10.1.0.2/32',
    });

    expect(await daemon.refusal('IpamDriver.RequestAddress', request('10.1.0.2'))).to.contain('10.1.0.2');
  });

  it('name the endpoint that holds them', async () => {
    await startContainer(daemon, { poolId: PoolID, endpointId: dockerId('c80b7eea65283f'), address: '10.1.0.2' });

    expect(await daemon.refusal('IpamDriver.RequestAddress', request('10.1.0.2'))).to.contain('endpoint c80b7eea6528');
  });

  it("never include the daemon's gateway, which Docker may ask for as the gateway", async () => {
    expect(await daemon.refusal('IpamDriver.RequestAddress', request('10.1.0.1'))).to.contain('gateway');

    const asGateway = { ...request('10.1.0.1'), Options: { RequestAddressType: 'com.docker.network.gateway' } };
    expect(await daemon.call('IpamDriver.RequestAddress', asGateway)).to.deep.include({ Address: '10.1.0.1/32' });
  });

  it('are refused outside of the subnet', async () => {
    expect(await daemon.refusal('IpamDriver.RequestAddress', request('10.9.0.2'))).to.contain('10.1.0.0/16');
  });

  it('are refused while a route says that another host has them', async () => {
    const { index } = await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } });
    await daemon.kernel.addresses.add({ linkIndex: index, address: '10.9.0.1/24' });
    await daemon.kernel.routes.add({
      destination: '10.1.0.2/32',
      gateway: '10.9.0.2',
      linkIndex: index,
      protocol: 188,
    });

    const { Address } = await daemon.call('IpamDriver.RequestAddress', request('10.1.0.2'));
    const endpoint = { NetworkID: dockerId('c98909'), EndpointID: dockerId('beef'), Options: {} };
    const Interface = { Address, AddressIPv6: '', MacAddress: '' };
    expect(await daemon.refusal('NetworkDriver.CreateEndpoint', { ...endpoint, Interface })).to.equal(
      'address 10.1.0.2 is in use by another host (route via 10.9.0.2 dev eth1 proto ospf): choose another --ip',
    );
  });

  it('are released again, also twice and after the pool', async () => {
    await daemon.call('IpamDriver.RequestAddress', request('10.1.0.2'));
    for (let time = 1; time <= 2; time++) {
      expect(await daemon.call('IpamDriver.ReleaseAddress', { PoolID, Address: '10.1.0.2' })).to.deep.equal({});
    }
    await daemon.call('IpamDriver.RequestAddress', request('10.1.0.2'));
    for (let time = 1; time <= 2; time++)
      expect(await daemon.call('IpamDriver.ReleasePool', { PoolID })).to.deep.equal({});
    expect(await daemon.call('IpamDriver.ReleaseAddress', { PoolID, Address: '10.1.0.2' })).to.deep.equal({});
  });

  it('are given from a pool of the previous run, and not from one that never was', async () => {
    const pool = { PoolID: 'routed-local/10.7.0.0/16', Address: '10.7.0.2', Options: null };
    expect(await daemon.call('IpamDriver.RequestAddress', pool)).to.deep.include({ Address: '10.7.0.2/32' });

    expect(await daemon.refusal('IpamDriver.RequestAddress', { ...pool, PoolID: 'nonsense' })).to.contain('nonsense');
  });
});
