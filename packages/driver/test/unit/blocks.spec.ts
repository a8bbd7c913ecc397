import type { RouterLines } from '@routed/quagga/show';
import { expect } from 'chai';
import sinon from 'sinon';
import {
  createNetwork,
  dockerId,
  moveToSandbox,
  startContainer,
  wiredDaemon,
  type WiredDaemon,
} from './support/wired.ts';

const MAIN = 254;
const UNANNOUNCED = 7200;
const first = dockerId('f1');

/** Destinations of routes of one protocol, such as those that announce blocks. */
async function routes({ kernel }: WiredDaemon, protocol: number, table = MAIN): Promise<string[]> {
  const found = (await kernel.routes.list({ protocol, table })).filter(({ type }) => type !== 'throw');
  return found.map(({ destination }) => destination).sort();
}

/** Destinations of the routes that lead look-ups past discard routes. */
async function passes({ kernel }: WiredDaemon): Promise<string[]> {
  const found = await kernel.routes.list({ protocol: 201, table: MAIN });
  return found.filter(({ type }) => type === 'throw').map(({ destination }) => destination);
}

async function blockRules({ kernel }: WiredDaemon): Promise<(string | undefined)[]> {
  return (await kernel.rules.list({ protocol: 200 }))
    .filter(({ priority, destination }) => priority === 32_702 && destination?.endsWith('/26') === true)
    .map(({ destination }) => destination);
}

/** A route as a router makes it of another host's announcement. */
async function announceElsewhere({ kernel }: WiredDaemon, destination: string): Promise<void> {
  await kernel.routes.replace({ destination, type: 'blackhole', protocol: 188, metric: 20 });
}

describe('networks with blocks', () => {
  let daemon: WiredDaemon;
  let poolId: string;

  beforeEach(async () => {
    daemon = await wiredDaemon();
    poolId = await createNetwork(daemon, { subnet: '10.1.0.0/24', driverOptions: { 'routed.block': '/26' } });
  });
  afterEach(async () => {
    await daemon.stop();
  });

  const start = async (endpointId: string, address = '', driverOptions = {}): Promise<string> =>
    (await startContainer(daemon, { poolId, endpointId, address, driverOptions })).address;
  const blocks = (): string[] => daemon.parts.blocks.all().map(({ prefix }) => prefix);
  const settled = async (): Promise<void> => {
    daemon.parts.keeper.repairHost();
    await daemon.parts.keeper.stop();
  };

  it('claim a block with the first container, and announce it instead of its address', async () => {
    const address = await start(first);

    const [block = ''] = blocks();
    expect(await routes(daemon, 201)).to.deep.equal([block]);
    expect(daemon.parts.blocks.at(address.split('/')[0] ?? '')?.prefix).to.equal(block);
    expect(await routes(daemon, 200)).to.deep.equal([]);
    expect(await routes(daemon, 200, UNANNOUNCED)).to.deep.equal([address]);
    expect(await blockRules(daemon)).to.deep.equal([block]);
  });

  it('claim another block when theirs is full, and not one that another host has a route to', async () => {
    await start(first);
    const [held = ''] = blocks();
    const others = ['10.1.0.0/26', '10.1.0.64/26', '10.1.0.128/26', '10.1.0.192/26'].filter((one) => one !== held);
    await announceElsewhere(daemon, others[0] ?? '');
    await announceElsewhere(daemon, `${(others[1] ?? '').split('/')[0] ?? ''}/32`);

    for (let count = 0; count < 63; count++) {
      await daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: '', Options: null });
    }

    expect(blocks()).to.deep.equal([held, others[2]]);
  });

  it('say that no block is free', async () => {
    for (const third of [0, 64, 128, 192]) await announceElsewhere(daemon, `10.1.0.${third}/26`);

    const refused = await daemon.refusal('IpamDriver.RequestAddress', { PoolID: poolId, Address: '', Options: null });

    expect(refused).to.match(/^no \/26 block of 10\.1\.0\.0\/24 is free/);
  });

  it('announce an --ip of the own block with the block, and any other by itself', async () => {
    const inside = await start(first);
    const [block = ''] = blocks();
    const own = inside.replace(/\.(\d+)\/32$/, (_, last: string) => `.${Number(last) + 5}/32`);
    const foreign = block === '10.1.0.0/26' ? '10.1.0.70/32' : '10.1.0.7/32';

    await start(dockerId('f2'), own.replace('/32', ''));
    await start(dockerId('f3'), foreign.replace('/32', ''));

    expect(await routes(daemon, 200, UNANNOUNCED)).to.deep.equal([inside, own].sort());
    expect(await routes(daemon, 200)).to.deep.equal([foreign]);
  });

  it('announce by itself what has a policy or a metric of its own', async () => {
    await start(first);
    const taken = await start(dockerId('f2'), '', { 'routed.takeover': 'true' });
    const metric = await start(dockerId('f3'), '', { 'routed.metric': '7' });

    expect(await routes(daemon, 200)).to.deep.equal([taken, metric].sort());
  });

  it('are refused together with what announces each address by itself, or blocks as large as the subnet', async () => {
    const refused = async (driverOptions: object): Promise<unknown> => {
      const options = { id: dockerId('aa'), subnet: '10.2.0.0/24', driverOptions };
      return await createNetwork(daemon, options).catch((error: unknown) => (error as Error).message);
    };

    expect(await refused({ 'routed.block': '/26', 'routed.anycast': 'true' })).to.contain('routed.anycast=true');
    expect(await refused({ 'routed.block': '/26', 'routed.announce': 'healthy' })).to.contain(
      'routed.announce=healthy',
    );
    expect(await refused({ 'routed.block': '/26', 'routed.takeover': 'true' })).to.contain('routed.takeover=true');
    expect(await refused({ 'routed.block': '/24' })).to.contain('not smaller than subnet 10.2.0.0/24');
    expect(await refused({ 'routed.block': '/26,/122' })).to.contain('the network has no IPv6');
    expect(await refused({ 'routed.block': '/31' })).to.contain('/31 is neither');
    expect(await refused({ 'routed.block': '/26,/27' })).to.contain('two prefix lengths for IPv4');
  });

  it('restore the route of a block that somebody deletes', async () => {
    await start(first);
    const [destination = ''] = blocks();
    await daemon.kernel.routes.delete({ destination, protocol: 201, type: 'blackhole' });

    await settled();

    expect(await routes(daemon, 201)).to.deep.equal([destination]);
  });

  it('restore what leads look-ups past a discard route', async () => {
    await start(first);
    const before = await passes(daemon);
    await daemon.kernel.routes.delete({ destination: before[0] ?? '', protocol: 201, type: 'throw' });

    await settled();

    expect(before).to.have.lengthOf(2);
    expect((await passes(daemon)).sort()).to.deep.equal(before.sort());
  });

  it('cost a host that has none no look at its routes', async () => {
    const list = sinon.spy(daemon.kernel.routes, 'list');
    try {
      await settled();
      expect(list.args.filter(([filter]) => filter?.protocol === 201)).to.deep.equal([]);
      await start(first);
      await settled();
      expect(list.args.filter(([filter]) => filter?.protocol === 201)).not.to.deep.equal([]);
    } finally {
      list.restore();
    }
  });

  it('give a block back when nothing of it has been used for ten minutes', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    try {
      const lease = { PoolID: poolId, Address: '', Options: null };
      const { Address } = await daemon.call('IpamDriver.RequestAddress', lease);
      const held = blocks();
      await settled();
      clock.tick(3_600_000);
      await daemon.parts.blocks.review();
      expect(blocks(), 'while an address is leased').to.deep.equal(held);
      await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: Address.split('/')[0] });
      await daemon.parts.blocks.review();

      clock.tick(599_000);
      await daemon.parts.blocks.review();
      expect(blocks(), 'after less than ten minutes').to.deep.equal(held);
      clock.tick(2_000);
      await daemon.parts.blocks.review();

      expect(blocks()).to.deep.equal([]);
      expect(await routes(daemon, 201)).to.deep.equal([]);
    } finally {
      clock.restore();
    }
  });

  it('survive a restart, without a record of them', async () => {
    const address = await start(first);
    await moveToSandbox(daemon, first);
    const before = blocks();
    await daemon.stop();
    const { kernel, state } = daemon;

    daemon = await wiredDaemon({ kernel, state });

    expect(blocks()).to.deep.equal(before);
    expect(await routes(daemon, 200, UNANNOUNCED)).to.deep.equal([address]);
    expect(await blockRules(daemon)).to.deep.equal(before);
  });

  it('take up a claim that a crash cut off after its route, and give it back when it has rested', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    try {
      const destination = '10.1.0.64/26';
      await daemon.stop();
      const { kernel, state } = daemon;
      await kernel.routes.add({ destination, protocol: 201, type: 'blackhole' });

      daemon = await wiredDaemon({ kernel, state });
      await settled();
      expect(blocks()).to.deep.equal([destination]);
      expect(await blockRules(daemon)).to.deep.equal([destination]);
      clock.tick(601_000);
      await daemon.parts.blocks.review();

      expect(await routes(daemon, 201)).to.deep.equal([]);
      expect(await blockRules(daemon)).to.deep.equal([]);
    } finally {
      clock.restore();
    }
  });

  it('leave no rule of a claim that a crash cut off before its route', async () => {
    await daemon.stop();
    const { kernel, state } = daemon;
    const rule = {
      family: 4,
      destination: '10.1.0.64/26',
      priority: 32_702,
      table: UNANNOUNCED,
      protocol: 200,
    } as const;
    await kernel.rules.add(rule);

    daemon = await wiredDaemon({ kernel, state });
    await settled();

    expect(blocks()).to.deep.equal([]);
    expect(await blockRules(daemon)).to.deep.equal([]);
  });

  it('leave nothing of a claim that the kernel refuses', async () => {
    const replace = sinon.stub(daemon.kernel.routes, 'replace').rejects(new Error('refused'));
    try {
      await daemon.refusal('IpamDriver.RequestAddress', { PoolID: poolId, Address: '', Options: null });
    } finally {
      replace.restore();
    }
    await settled();

    expect(blocks()).to.deep.equal([]);
    expect(await blockRules(daemon)).to.deep.equal([]);
    expect([...daemon.ipam.leases(poolId)]).to.deep.equal([]);
  });

  it('get the route of a block back after a restart, if it covers a container', async () => {
    await start(first);
    const [destination = ''] = blocks();
    await daemon.stop();
    const { kernel, state } = daemon;
    await kernel.routes.delete({ destination, protocol: 201, type: 'blackhole' });

    daemon = await wiredDaemon({ kernel, state });
    await settled();

    expect(await routes(daemon, 201)).to.deep.equal([destination]);
  });

  it('announce each address by itself once a container follows another policy', async () => {
    const address = await start(first);

    await daemon.parts.announcer.follow(dockerId('c0'), [first], 'running');

    expect(daemon.parts.endpoints.get(first)?.addresses[0]?.block).to.equal(undefined);
    expect(await routes(daemon, 200)).to.deep.equal([address]);
  });

  it('tell of a drain that the block still leads other hosts to the address', async () => {
    const address = await start(first);
    const report = await daemon.parts.announcements.drainHost(true);

    expect(report.endpoints).to.deep.include({
      endpointId: first,
      isAnnounced: false,
      blocks: blocks(),
      connections: { [address.replace('/32', '')]: 0 },
    });
    expect(await routes(daemon, 201)).to.deep.equal(blocks());
    expect(await routes(daemon, 200, UNANNOUNCED)).to.deep.equal([address]);
  });

  it('give their blocks back with the network', async () => {
    await start(first);
    await daemon.call('NetworkDriver.Leave', { NetworkID: dockerId('c98909'), EndpointID: first });
    await daemon.call('NetworkDriver.DeleteEndpoint', { NetworkID: dockerId('c98909'), EndpointID: first });
    await daemon.call('IpamDriver.ReleasePool', { PoolID: poolId });
    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID: dockerId('c98909') });

    expect(blocks()).to.deep.equal([]);
    expect(await routes(daemon, 201)).to.deep.equal([]);
    expect(await blockRules(daemon)).to.deep.equal([]);
  });

  it('take blocks of IPv6 subnets', async () => {
    const options = { id: dockerId('66'), subnet: 'fd00:1::/64', driverOptions: { 'routed.block': '/122' } };
    const pool6 = await createNetwork(daemon, options);

    const started = { poolId: pool6, endpointId: dockerId('f6'), networkId: dockerId('66') };
    const { address } = await startContainer(daemon, started);

    expect(blocks()).to.have.lengthOf(1);
    expect(await routes(daemon, 201)).to.deep.equal(blocks());
    expect(await routes(daemon, 200, UNANNOUNCED)).to.deep.equal([address]);
  });
});

describe('the blocks of a network that runs', () => {
  const networkId = dockerId('c98909');
  let daemon: WiredDaemon;
  let poolId: string;

  beforeEach(async () => {
    const common = { driver: 'routed', ipamDriver: 'routed', options: {}, subnets: [] };
    daemon = await wiredDaemon({ dockerNetworks: [{ id: networkId, name: 'apps', ...common }] });
    poolId = await createNetwork(daemon, { subnet: '10.1.0.0/24' });
  });
  afterEach(async () => {
    await daemon.stop();
  });

  it('cover containers from their next start on', async () => {
    const before = await startContainer(daemon, { poolId, endpointId: first });
    const reply = await daemon.parts.networkBlocks.set('apps', { 4: 26 });
    const after = await startContainer(daemon, { poolId, endpointId: dockerId('f2') });

    expect(reply).to.include({ network: 'apps', networkId, block: '/26' });
    expect(await routes(daemon, 200)).to.deep.equal([before.address]);
    expect(await routes(daemon, 200, UNANNOUNCED)).to.deep.equal([after.address]);
    expect((await daemon.parts.networkBlocks.show(networkId.slice(0, 8))).blocks).to.have.lengthOf(1);
  });

  it('end with an announcement of each address, before they are given back', async () => {
    await daemon.parts.networkBlocks.set('apps', { 4: 26 });
    const { address } = await startContainer(daemon, { poolId, endpointId: first });
    const reply = await daemon.parts.networkBlocks.set('apps', undefined);

    expect(reply.block).to.equal('none');
    expect(await routes(daemon, 200)).to.deep.equal([address]);
    expect(await routes(daemon, 201)).to.deep.equal(reply.blocks);
    expect(reply.blocks).to.have.lengthOf(1);
  });

  it('outlive the daemon', async () => {
    await daemon.parts.networkBlocks.set('apps', { 4: 27 });
    await daemon.stop();
    const { kernel, state } = daemon;

    daemon = await wiredDaemon({ kernel, state });

    expect(daemon.parts.networks.get(networkId)?.block).to.deep.equal({ 4: 27 });
  });

  it('are refused where they cannot be, and for networks that are not there', async () => {
    const refused = async (name: string, block: { readonly 4?: number; readonly 6?: number }): Promise<unknown> =>
      await daemon.parts.networkBlocks.set(name, block).catch((error: unknown) => (error as Error).message);

    expect(await refused('apps', { 4: 24 })).to.contain('not smaller than subnet 10.1.0.0/24');
    expect(await refused('apps', { 6: 122 })).to.contain('the network has no IPv6');
    expect(await refused('web', { 4: 26 })).to.equal('no routed network "web" (there are: apps)');
  });
});

describe('a block that another host announces', () => {
  let daemon: WiredDaemon;
  let poolId: string;
  /** The prefixes that the router has from others. */
  let rivals: Set<string>;

  beforeEach(async () => {
    rivals = new Set();
    const routers: RouterLines = {
      ask: (name, line) => {
        const prefix = /^show ip route (\S+\/\d+) json$/.exec(line)?.[1];
        if (name !== 'zebra') return Promise.resolve(undefined);
        if (prefix === undefined) return Promise.resolve({ routesTotal: 5, routesTotalFib: 5 });
        const nexthops = [{ ip: '192.0.2.2', interfaceName: 'eth1' }];
        return Promise.resolve({ [prefix]: rivals.has(prefix) ? [{ protocol: 'ospf', nexthops }] : [] });
      },
    };
    daemon = await wiredDaemon({ routers });
    poolId = await createNetwork(daemon, { subnet: '10.1.0.0/24', driverOptions: { 'routed.block': '/26' } });
  });
  afterEach(async () => {
    await daemon.stop();
  });

  const blocks = (): string[] => daemon.parts.blocks.all().map(({ prefix }) => prefix);

  it('is left to it when both claim it at once', async () => {
    const all = ['10.1.0.0/26', '10.1.0.64/26', '10.1.0.128/26', '10.1.0.192/26'];
    rivals = new Set(all.slice(0, 3));

    await startContainer(daemon, { poolId, endpointId: first });

    expect(blocks()).to.deep.equal([all[3]]);
    expect(await routes(daemon, 201)).to.deep.equal([all[3]]);
  });

  it('is given back while no container has an address of it', async () => {
    const { address } = await startContainer(daemon, { poolId, endpointId: first });
    await daemon.call('NetworkDriver.Leave', { NetworkID: dockerId('c98909'), EndpointID: first });
    await daemon.call('NetworkDriver.DeleteEndpoint', { NetworkID: dockerId('c98909'), EndpointID: first });
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: address.split('/')[0] });
    rivals = new Set(blocks());

    await daemon.parts.blocks.reviewRivals();

    expect(blocks()).to.deep.equal([]);
    expect(await routes(daemon, 201)).to.deep.equal([]);
  });

  it('stays, is told, and has its addresses announced one by one while a container has one', async () => {
    const { address } = await startContainer(daemon, { poolId, endpointId: first });
    const [block = ''] = blocks();
    rivals = new Set([block]);

    await daemon.parts.blocks.reviewRivals();

    expect(await routes(daemon, 201)).to.deep.equal([block]);
    expect(await routes(daemon, 200)).to.deep.equal([address]);
    expect(daemon.parts.blocks.problems()).to.deep.equal([
      `block ${block} is also announced by another host (route via 192.0.2.2 dev eth1 proto ospf): this host announces its addresses of it one by one`,
    ]);
    const next = await startContainer(daemon, { poolId, endpointId: dockerId('f2') });
    expect(daemon.parts.blocks.at(next.address.split('/')[0] ?? '')?.prefix, 'the next container').not.to.equal(block);

    rivals = new Set();
    await daemon.parts.blocks.reviewRivals();
    expect(daemon.parts.blocks.problems()).to.deep.equal([]);
  });
});
