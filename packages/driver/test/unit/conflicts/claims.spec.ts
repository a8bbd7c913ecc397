import { expect } from 'chai';
import { messageOf } from '../../../../store/test/unit/support/message-of.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from '../support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };

describe('addresses that another host announces', () => {
  let daemon: WiredDaemon;
  let uplink: number;

  beforeEach(async () => {
    daemon = await wiredDaemon();
    uplink = (await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } })).index;
    await daemon.kernel.addresses.add({ linkIndex: uplink, address: '10.9.0.1/24' });
  });
  afterEach(() => daemon.reaper.flush());

  const announce = (address: string, protocol = 188): Promise<void> =>
    daemon.kernel.routes.add({
      destination: `${address}/32`,
      gateway: '10.9.0.2',
      linkIndex: uplink,
      protocol,
      metric: 20,
    });
  const ours = (): string[] =>
    daemon.kernel
      .inspect()
      .routes.filter(({ protocol }) => protocol === 200)
      .map(({ destination }) => destination);
  const asked = (PoolID: string, Address: string): object => ({ PoolID, Address, Options: null });

  it('are passed over when addresses are chosen, and counted', async () => {
    const poolId = await createNetwork(daemon, { subnet: '10.1.0.0/29' });
    for (const last of [1, 2, 4, 5]) await announce(`10.1.0.${last}`);

    const chosen = [];
    for (let time = 0; time < 2; time++)
      chosen.push((await daemon.call('IpamDriver.RequestAddress', asked(poolId, ''))).Address);

    expect(chosen).to.have.members(['10.1.0.3/32', '10.1.0.6/32']);
    expect(daemon.parts.counts.candidatesSkipped).to.be.within(1, 4);
  });

  it('are refused when they are asked for, with next hop and protocol', async () => {
    const poolId = await createNetwork(daemon);
    await announce('10.1.0.2', 186);

    const refusal = await messageOf(startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' }));

    expect(refusal).to.contain('10.1.0.2 is in use by another host (route via 10.9.0.2 dev eth1 proto bgp)');
    expect(daemon.parts.endpoints.get(endpointId)).to.equal(undefined);
    expect(daemon.parts.counts.requestsRefused).to.equal(1);
  });

  it('end Join when they were announced after the lease, and leave nothing behind', async () => {
    const poolId = await createNetwork(daemon);
    const driverOptions = { 'routed.addresses': '10.1.0.3' };
    await daemon.call('IpamDriver.RequestAddress', asked(poolId, '10.1.0.2'));
    const Interface = { Address: '10.1.0.2/32', AddressIPv6: '', MacAddress: '' };
    await daemon.call('NetworkDriver.CreateEndpoint', { ...ids, Interface, Options: driverOptions });
    await announce('10.1.0.3');

    const refusal = await daemon.refusal('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect(refusal).to.match(/^address 10\.1\.0\.3 is in use by another host \(route via 10\.9\.0\.2 .* ospf\).*first/);
    expect(daemon.parts.counts.joinsRefused).to.equal(1);
    expect(ours()).to.deep.equal([]);
    expect(daemon.kernel.inspect().links.filter(({ name }) => name.startsWith('vethr'))).to.deep.equal([]);
  });

  it('are no obstacle to Join when they are this very endpoint that comes back', async () => {
    const poolId = await createNetwork(daemon);
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    await announce('10.1.0.2');

    const again = await daemon.refusal('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect(again).to.equal('no error');
  });

  it('may be shared on an anycast network when they are named, never when they are chosen', async () => {
    const poolId = await createNetwork(daemon, {
      subnet: '10.1.0.0/30',
      driverOptions: { 'routed.anycast': 'TRUE' },
    });
    await announce('10.1.0.1');

    const driverOptions = { 'routed.addresses': '10.1.0.2' };
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.1', driverOptions });

    expect(ours()).to.have.members(['10.1.0.1/32', '10.1.0.2/32']);
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: '10.1.0.1' });
    const { Address } = await daemon.call('IpamDriver.RequestAddress', asked(poolId, ''));
    expect(Address).to.equal('10.1.0.2/32');
  });

  it('are still refused on an anycast network when another endpoint of this host has them', async () => {
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.anycast': 'true' } });
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });

    const refusal = await daemon.refusal('IpamDriver.RequestAddress', asked(poolId, '10.1.0.2'));

    expect(refusal).to.contain('in use by endpoint c80b7eea6528');
  });

  it('may be shared as additional addresses of one endpoint', async () => {
    const poolId = await createNetwork(daemon);
    await announce('10.1.0.9');
    const additional = { 'routed.addresses': '10.1.0.9' };

    const refused = await messageOf(
      startContainer(daemon, { poolId, endpointId, address: '10.1.0.2', driverOptions: additional }),
    );
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: '10.1.0.2' });
    const driverOptions = { ...additional, 'routed.anycast': 'true' };
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2', driverOptions });

    expect(refused).to.contain('additional address 10.1.0.9 is in use by another host');
    expect(ours()).to.have.members(['10.1.0.2/32', '10.1.0.9/32']);
  });

  it("are nobody's when a blackhole for all containers is what leads to them", async () => {
    const poolId = await createNetwork(daemon);
    await daemon.kernel.routes.add({ destination: '10.1.0.0/24', type: 'blackhole', protocol: 100 });

    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });

    expect(ours()).to.deep.equal(['10.1.0.2/32']);
  });

  it('remember what may be shared over a restart of the daemon', async () => {
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.anycast': 'true' } });
    const successor = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
    await announce('10.1.0.2');

    const { Address } = await successor.call('IpamDriver.RequestAddress', asked(poolId, '10.1.0.2'));

    expect(Address).to.equal('10.1.0.2/32');
  });

  it("are looked for in the families of addresses that are to be this host's alone", async () => {
    const { claims } = daemon.parts.cluster;
    const poolId = await createNetwork(daemon);
    expect(claims.families()).to.deep.equal([]);

    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    expect(claims.families()).to.deep.equal([4]);

    await daemon.call('NetworkDriver.Leave', ids);
    expect(claims.families()).to.deep.equal([]);
  });
});
