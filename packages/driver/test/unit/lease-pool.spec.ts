import { expect } from 'chai';
import { createNetwork, dockerId, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const Pool = '10.1.0.0/16';
const PoolID = `routed-local/${Pool}`;
const [first, second] = [dockerId('aaaa'), dockerId('bbbb')];

describe('what is leased for a network', () => {
  let daemon: WiredDaemon;
  beforeEach(async () => {
    daemon = await wiredDaemon();
  });

  const creation = (NetworkID: string, router: string) => ({
    NetworkID,
    Options: { 'com.docker.network.generic': { 'routed.gateway': '10.1.0.7' } },
    IPv4Data: [{ AddressSpace: 'routed-local', Pool, AuxAddresses: { [router]: '10.1.0.9/16' } }],
    IPv6Data: [],
  });
  /** What Docker does first. */
  const prepare = async (): Promise<void> => {
    await daemon.call('IpamDriver.RequestPool', { AddressSpace: 'routed-local', Pool, Options: null, V6: false });
    await daemon.call('IpamDriver.RequestAddress', { PoolID, Address: '10.1.0.9', Options: null });
  };
  const leases = (): string[] =>
    [...daemon.ipam.leases(PoolID)].map(({ address, purpose, holder = '' }) => `${address} ${purpose} ${holder}`);

  it('is its gateway and its auxiliary addresses', async () => {
    await prepare();

    await daemon.call('NetworkDriver.CreateNetwork', creation(first, 'router'));

    expect(leases()).to.have.members(['10.1.0.7 gateway the gateway', '10.1.0.9 auxiliary auxiliary address "router"']);
  });

  it('is as before when the network does not come to be', async () => {
    await prepare();
    const before = leases();
    daemon.kernel.failNext('address.replace', 'ENOBUFS');

    expect(await daemon.refusal('NetworkDriver.CreateNetwork', creation(first, 'router'))).to.contain('ENOBUFS');

    expect(leases()).to.deep.equal(before);
    expect(await daemon.parts.leases.freeLoose(0), 'leases that no endpoint has').to.equal(1);
  });

  it('goes with the pool when the network does not come to be and Docker had asked for no pool', async () => {
    daemon.kernel.failNext('address.replace', 'ENOBUFS');
    const { IPv4Data, ...rest } = creation(first, 'router');
    const request = { ...rest, IPv4Data: IPv4Data.map((data) => ({ ...data, AuxAddresses: {} })) };

    expect(await daemon.refusal('NetworkDriver.CreateNetwork', request)).to.contain('ENOBUFS');

    expect(daemon.ipam.pools()).to.deep.equal([]);
  });

  it('stays that of the network that was sooner when two are made of one pool at once', async () => {
    await prepare();

    const [, refused] = await Promise.all([
      daemon.call('NetworkDriver.CreateNetwork', creation(first, 'router')),
      daemon.refusal('NetworkDriver.CreateNetwork', creation(second, 'other')),
    ]);

    expect(refused).to.contain('in use by network aaaa');
    expect(leases()).to.have.members(['10.1.0.7 gateway the gateway', '10.1.0.9 auxiliary auxiliary address "router"']);
  });

  it('is nothing when the request cannot be read, also where only its last subnet is wrong', async () => {
    await createNetwork(daemon, { id: second, subnet: '10.2.0.0/16' });
    const request = { ...creation(first, 'router'), IPv6Data: [{ AddressSpace: 'foreign', Pool: 'fd00:1::/64' }] };

    expect(await daemon.refusal('NetworkDriver.CreateNetwork', request)).to.contain('another IPAM driver');

    expect(daemon.ipam.pools().map(({ id }) => id)).to.deep.equal(['routed-local/10.2.0.0/16']);
  });
});
