import { expect } from 'chai';
import sinon from 'sinon';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const a = dockerId('aaaa');
const b = dockerId('bbbb');
const shared = '192.168.7.0/24';
const sharedPool = 'routed-local/192.168.7.0/24';

describe('prefixes for additional addresses', () => {
  let daemon: WiredDaemon;
  beforeEach(async () => {
    daemon = await wiredDaemon();
  });
  afterEach(() => sinon.restore());

  const create = (id: string, subnet: string, prefixes: string): Promise<string> =>
    createNetwork(daemon, { id, subnet, ...(prefixes && { driverOptions: { 'routed.prefixes': prefixes } }) });
  const refusal = (id: string, subnet: string, prefixes: string): Promise<string> =>
    messageOf(create(id, subnet, prefixes));

  /** As Docker does: the network first, or the pool first. */
  async function remove(NetworkID: string, PoolID: string, isPoolFirst = false): Promise<void> {
    if (isPoolFirst) await daemon.call('IpamDriver.ReleasePool', { PoolID });
    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID });
    if (!isPoolFirst) await daemon.call('IpamDriver.ReleasePool', { PoolID });
  }

  async function pools(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of daemon.state.leases.loadPools()) ids.push(id);
    return ids;
  }

  async function run(networkId: string, poolId: string, address: string, extra: string, id = 'c1'): Promise<void> {
    const driverOptions = { 'routed.addresses': extra };
    await startContainer(daemon, { poolId, networkId, endpointId: dockerId(id), address, driverOptions });
  }

  it('may be shared by networks, and are closed with the last', async () => {
    const poolA = await create(a, '10.1.0.0/16', shared);
    const poolB = await create(b, '10.2.0.0/16', shared);
    await run(a, poolA, '10.1.0.2', '192.168.7.9');
    await run(b, poolB, '10.2.0.2', '192.168.7.10', 'c2');

    await remove(a, poolA);
    expect(await pools()).to.have.members([poolB, sharedPool]);
    await remove(b, poolB);
    expect(await pools()).to.deep.equal([]);
  });

  it('give an address to one endpoint alone, whichever network it asks by', async () => {
    const poolA = await create(a, '10.1.0.0/16', shared);
    const poolB = await create(b, '10.2.0.0/16', shared);
    await run(a, poolA, '10.1.0.2', '192.168.7.9');

    const message = await run(b, poolB, '10.2.0.2', '192.168.7.9', 'c2').catch((error: unknown) => String(error));

    expect(message).to.contain('additional address 192.168.7.9 is in use by endpoint c10000000000');
  });

  for (const isPoolFirst of [false, true]) {
    const order = isPoolFirst ? 'the pool first' : 'the network first';

    it(`may be the subnet of another network, and outlive that (${order})`, async () => {
      await create(b, shared, '');
      const poolA = await create(a, '10.1.0.0/16', shared);
      await run(a, poolA, '10.1.0.2', '192.168.7.9');

      await remove(b, sharedPool, isPoolFirst);

      expect(await pools()).to.have.members([poolA, sharedPool]);
      const message = await run(a, poolA, '10.1.0.3', '192.168.7.9', 'c2').catch((error: unknown) => String(error));
      expect(message).to.contain('in use by endpoint c10000000000');
      await create(b, shared, '');
      await remove(a, poolA);
      expect(await pools()).to.deep.equal([sharedPool]);
      await remove(b, sharedPool, isPoolFirst);
      expect(await pools()).to.deep.equal([]);
    });
  }

  it('become the subnet of a network that is made later, which then knows who has what', async () => {
    const poolA = await create(a, '10.1.0.0/16', shared);
    await run(a, poolA, '10.1.0.2', '192.168.7.9');

    await create(b, shared, '');

    const request = { PoolID: sharedPool, Address: '192.168.7.9', Options: null };
    expect(await daemon.refusal('IpamDriver.RequestAddress', request)).to.contain('endpoint c10000000000');
    await remove(a, poolA);
    expect(await pools()).to.deep.equal([sharedPool]);
  });

  it('may be its own subnet, which changes nothing', async () => {
    const poolA = await create(a, '10.1.0.0/16', '10.1.0.0/16');
    await run(a, poolA, '10.1.0.2', '10.1.0.3');

    await remove(a, poolA);

    expect(await pools()).to.deep.equal([]);
  });

  describe('are refused with the reason, and leave nothing', () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['that overlap the subnet', '10.1.128.0/17', /routed\.prefixes: cannot open pool .*10\.1\.0\.0\/16/],
      ['that include the subnet', '10.0.0.0/8', /routed\.prefixes: .*overlaps pool/],
      ['that overlap each other', '10.8.0.0/16 10.8.1.0/24', /routed\.prefixes: .*10\.8\.1\.0\/24.*10\.8\.0\.0\/16/],
      ['that are on a link of the host', '10.8.0.0/16 172.20.0.0/16', /routed\.prefixes: .*172\.20\.0\.1\/24 on eth1/],
      ['of multicast', '10.8.0.0/16 239.0.0.0/8', /routed\.prefixes: .*reserved for multicast/],
      ['of loopback', '127.0.0.0/8', /routed\.prefixes: .*reserved for loopback/],
      ['of a family that the network lacks', 'fd00:7::/64', /routed\.prefixes=fd00:7::\/64: the network has no IPv6/],
    ];
    for (const [what, prefixes, reason] of cases) {
      it(`prefixes ${what}`, async () => {
        const { index } = await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } });
        await daemon.kernel.addresses.add({ linkIndex: index, address: '172.20.0.1/24' });

        expect(await refusal(a, '10.1.0.0/16', prefixes)).to.match(reason);

        await daemon.call('IpamDriver.ReleasePool', { PoolID: 'routed-local/10.1.0.0/16' });
        expect(await pools()).to.deep.equal([]);
        expect(daemon.firewall.ensure.callCount).to.equal(0);
        await create(a, '10.1.0.0/16', '10.8.0.0/16');
      });
    }
  });

  it('are closed again when the network cannot be recorded, but for those of others', async () => {
    const poolB = await create(b, '10.2.0.0/16', shared);
    sinon.stub(daemon.state.networks, 'put').rejects(new Error('no space left'));

    expect(await refusal(a, '10.1.0.0/16', `${shared} 10.8.0.0/16`)).to.equal('no space left');

    expect(await pools()).to.have.members(['routed-local/10.1.0.0/16', poolB, sharedPool]);
  });

  it('are still allowed after a restart', async () => {
    const poolA = await create(a, '10.1.0.0/16', shared);
    await run(a, poolA, '10.1.0.2', '192.168.7.9');
    await daemon.stop();

    daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

    await daemon.call('IpamDriver.ReleasePool', { PoolID: sharedPool });
    expect(await pools()).to.have.members([poolA, sharedPool]);
    await run(a, poolA, '10.1.0.3', '192.168.7.10', 'c2');
  });

  it('are closed at the next start where a crash came before the record of the network', async () => {
    const poolA = await create(a, '10.1.0.0/16', shared);
    await daemon.state.leases.putPool({
      id: 'routed-local/10.8.0.0/16',
      addressSpace: 'routed-local',
      family: 4,
      prefix: '10.8.0.0/16',
    });
    await daemon.stop();

    daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

    expect(await pools()).to.have.members([poolA, sharedPool]);
    await create(b, '10.8.0.0/17', '');
  });
});
