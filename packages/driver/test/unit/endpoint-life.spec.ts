import { LINK_GROUP } from '@routed/datapath';
import { expect } from 'chai';
import sinon from 'sinon';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };

/** The host's container links and the routes of protocol 200. */
function ours({ kernel }: WiredDaemon): { links: string[]; routes: string[] } {
  const { links, routes } = kernel.inspect();
  return {
    links: links.map(({ name }) => name).filter((name) => name.startsWith('veth')),
    routes: routes.filter(({ protocol }) => protocol === 200).map(({ destination }) => destination),
  };
}

describe('the life of an endpoint', () => {
  let daemon: WiredDaemon;
  let poolId: string;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    poolId = await createNetwork(daemon);
  });
  afterEach(() => daemon.reaper.flush());

  it('has its links, its route and its gateway after Join', async () => {
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });

    expect(ours(daemon).routes).to.deep.equal(['10.1.0.2/32']);
    const [host, container] = ['vethrc80b7eea65', 'vethcc80b7eea65'].map((name) =>
      daemon.kernel.inspect().links.find((link) => link.name === name),
    );
    expect(host).to.include({ alias: `routed:${endpointId}`, isUp: true, mtuBytes: 1500 });
    expect(container).to.include({ mac: '02:42:0a:01:00:02', mtuBytes: 1500, peerIndex: host!.index });
    const gateway = daemon.kernel.inspect().addresses.find(({ address }) => address === '169.254.1.1/32');
    expect(gateway).to.include({ scope: 'link', protocol: 200 });
  });

  it('goes on when it is created once more, by a call that waited while it joined', async () => {
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    const { sandboxKey, ...asCreated } = daemon.parts.endpoints.get(endpointId)!;

    const again = await daemon.parts.endpoints.create(asCreated, []);
    await new Promise((resolve) => setImmediate(resolve));

    expect(again).to.include({ id: endpointId, sandboxKey });
    expect(daemon.parts.endpoints.isJoined(endpointId)).to.equal(true);
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.reaper.flush();
    expect(ours(daemon)).to.deep.equal({ links: [], routes: [] });
  });

  for (const [whose, length, driverOptions] of [
    ['its network', 200, {}],
    ['the endpoint itself', 300, { 'routed.tx-queue-length': '300' }],
  ] as const) {
    it(`has the queue length of ${whose} at both ends, and gets it back`, async () => {
      const id = dockerId('aaaa');
      const network = { id, subnet: '10.2.0.0/16', driverOptions: { 'routed.tx-queue-length': '200' } };
      const lengths = (): (number | undefined)[] =>
        ['vethrc80b7eea65', 'vethcc80b7eea65'].map(
          (name) => daemon.kernel.inspect().links.find((link) => link.name === name)?.txQueueLength,
        );

      const container = { networkId: id, endpointId, driverOptions };
      await startContainer(daemon, { ...container, poolId: await createNetwork(daemon, network) });
      expect(lengths()).to.deep.equal([length, length]);

      await daemon.kernel.links.set({ name: 'vethrc80b7eea65' }, { txQueueLength: 7 });
      daemon.repair();
      await daemon.stop();
      expect(lengths()).to.deep.equal([length, length]);
    });
  }

  it('answers a repeated Join the same and changes nothing', async () => {
    const first = await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    const calls = daemon.kernel.calls.length;

    const again = await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect({ ...again, address: first.address }).to.deep.equal(first);
    expect(daemon.kernel.calls.slice(calls).map(({ operation }) => operation)).to.deep.equal(['link.get']);
  });

  it('withdraws the route before Leave replies, and deletes the link soon after', async () => {
    await startContainer(daemon, { poolId, endpointId });

    await daemon.call('NetworkDriver.Leave', ids);

    expect(ours(daemon).routes).to.deep.equal([]);
    await daemon.reaper.flush();
    expect(ours(daemon).links).to.deep.equal([]);
  });

  it('sets the link down before its filter goes, or has deleted it by then', async () => {
    await startContainer(daemon, { poolId, endpointId });
    const linkWhenRemoved: unknown[] = [];
    const remove = (name: string): Promise<void> => {
      linkWhenRemoved.push(daemon.kernel.inspect().links.find((link) => link.name === name)?.isUp ?? 'gone');
      return Promise.resolve();
    };
    sinon.replace(daemon.filters, 'remove', sinon.fake(remove));

    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.parts.endpoints.sweepFilters();

    expect(linkWhenRemoved).to.have.lengthOf(1);
    expect(linkWhenRemoved[0]).to.be.oneOf([false, 'gone']);
    sinon.restore();
  });

  it('sets the list again that it has, when told so: somebody may have damaged what the kernel has', async () => {
    await startContainer(daemon, { poolId, endpointId });
    const before = daemon.filters.set.callCount;

    await daemon.parts.endpoints.filter(endpointId, 'ingress', undefined);

    expect(daemon.filters.set.callCount).to.equal(before + 1);
  });

  it('asks nothing more of the kernel in DeleteEndpoint after Leave', async () => {
    await startContainer(daemon, { poolId, endpointId });
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.reaper.flush();
    const calls = daemon.kernel.calls.length;

    await daemon.call('NetworkDriver.DeleteEndpoint', ids);

    expect(daemon.kernel.calls).to.have.lengthOf(calls);
  });

  for (const method of ['NetworkDriver.Leave', 'NetworkDriver.DeleteEndpoint'] as const) {
    it(`${method} succeeds when repeated, and for an endpoint that nobody knows`, async () => {
      await startContainer(daemon, { poolId, endpointId });

      expect(await daemon.call(method, ids)).to.deep.equal({});
      expect(await daemon.call(method, ids)).to.deep.equal({});
      expect(await daemon.call(method, { ...ids, EndpointID: dockerId('dead') })).to.deep.equal({});
    });
  }

  it('cleans up after an endpoint of the previous run, known by its link alone', async () => {
    await startContainer(daemon, { poolId, endpointId });
    const successor = await wiredDaemon();
    const { index } = await successor.kernel.links.createVeth({
      name: 'vethrc80b7eea65',
      alias: `routed:${endpointId}`,
      isUp: true,
      peer: { name: 'vethcc80b7eea65' },
    });
    await successor.kernel.routes.add({ destination: '10.1.0.2/32', linkIndex: index, scope: 'link', protocol: 200 });

    await successor.call('NetworkDriver.Leave', ids);

    expect(ours(successor).routes).to.deep.equal([]);
    await successor.reaper.flush();
    expect(ours(successor).links).to.deep.equal([]);
  });

  it('joins again after it left, though the old link may still wait for its deletion', async () => {
    const first = await startContainer(daemon, { poolId, endpointId });
    await daemon.call('NetworkDriver.Leave', ids);

    const again = await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

    expect({ ...again, address: first.address }).to.deep.equal(first);
    expect(ours(daemon).routes).to.have.lengthOf(1);
  });

  for (const operation of ['link.create', 'route.replace']) {
    it(`leaves nothing behind when ${operation} fails in Join, and the next try works`, async () => {
      daemon.kernel.failNext(operation, 'ENOBUFS');
      const failed = await startContainer(daemon, { poolId, endpointId }).catch((error: unknown) => String(error));
      expect(failed).to.contain('ENOBUFS');
      await daemon.reaper.flush();
      expect(ours(daemon)).to.deep.equal({ links: [], routes: [] });

      await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });

      expect(ours(daemon).routes).to.have.lengthOf(1);
    });
  }

  it('replaces the unfinished link of a try that was killed', async () => {
    await daemon.kernel.links.createVeth({
      name: 'vethrc80b7eea65',
      group: LINK_GROUP,
      peer: { name: 'vethcc80b7eea65' },
    });

    await startContainer(daemon, { poolId, endpointId });

    const host = daemon.kernel.inspect().links.find(({ name }) => name === 'vethrc80b7eea65');
    expect(host).to.include({ alias: `routed:${endpointId}`, isUp: true });
  });

  it("leaves a stranger's link of the same name alone and says what to do", async () => {
    await daemon.kernel.links.createVeth({
      name: 'vethrc80b7eea65',
      alias: 'lab uplink',
      isUp: true,
      peer: { name: 'x1' },
    });

    const failed = await startContainer(daemon, { poolId, endpointId }).catch((error: unknown) => String(error));

    expect(failed).to.contain('link vethrc80b7eea65 already exists and belongs to "lab uplink"');
    expect(ours(daemon).links).to.deep.equal(['vethrc80b7eea65']);
  });

  it("leaves a stranger's link alone that has the name of the container's end", async () => {
    await daemon.kernel.links.createVeth({ name: 'vethcc80b7eea65', peer: { name: 'x1' } });

    const failed = await startContainer(daemon, { poolId, endpointId }).catch((error: unknown) => String(error));

    expect(failed).to.contain('link vethcc80b7eea65 already exists and has no alias of ours');
    expect(ours(daemon).links).to.deep.equal(['vethcc80b7eea65']);
  });

  it('says that the kernel has no veth', async () => {
    daemon.kernel.failNext('link.create', 'EOPNOTSUPP');

    const failed = await startContainer(daemon, { poolId, endpointId }).catch((error: unknown) => String(error));

    expect(failed).to.contain('this kernel has no veth links').and.to.contain('modprobe veth');
  });

  it('says that an endpoint or a network is not known', async () => {
    expect(await daemon.refusal('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} })).to.match(
      /^endpoint c80b7eea6528 is not known to routed/,
    );
    const endpoint = { ...ids, NetworkID: dockerId('dead'), Interface: {}, Options: {} };
    expect(await daemon.refusal('NetworkDriver.CreateEndpoint', endpoint)).to.match(
      /^network dead00000000 is not known to routed .* "docker network rm"/,
    );
  });

  it('gives a container on two networks a gateway for each', async () => {
    const otherId = dockerId('aaaa');
    const otherPool = await createNetwork(daemon, { id: otherId, subnet: '10.2.0.0/16' });
    const sandbox = '/var/run/docker/netns/both';
    await startContainer(daemon, { poolId, endpointId, sandbox });

    const second = await startContainer(daemon, {
      poolId: otherPool,
      endpointId: dockerId('b8c8'),
      networkId: otherId,
      sandbox,
    });

    expect(second.Gateway).to.equal('169.254.1.2');
    const held = daemon.kernel.inspect().addresses.map(({ address }) => address);
    expect(held).to.include.members(['169.254.1.1/32', '169.254.1.2/32']);
  });

  it('gives an IPv6 endpoint a link-local gateway on its own link', async () => {
    const id = dockerId('6666');
    const pool = await createNetwork(daemon, { id, subnet: 'fd00:1::/64' });

    const { GatewayIPv6 } = await startContainer(daemon, {
      poolId: pool,
      endpointId,
      networkId: id,
      address: 'fd00:1::7',
    });

    expect(GatewayIPv6).to.equal('fe80::1');
    const { addresses, links } = daemon.kernel.inspect();
    const host = links.find(({ name }) => name === 'vethrc80b7eea65')!;
    expect(addresses.filter(({ linkIndex }) => linkIndex === host.index).map(({ address }) => address)).to.deep.equal([
      'fe80::1/64',
    ]);
    expect(ours(daemon).routes).to.deep.equal(['fd00:1::7/128']);
  });

  it('makes 100 endpoints at once', async () => {
    const started = await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        startContainer(daemon, { poolId, endpointId: dockerId(number.toString(16).padStart(10, '0')) }),
      ),
    );

    expect(new Set(started.map(({ address }) => address)).size).to.equal(100);
    expect(ours(daemon).routes).to.have.lengthOf(100);
  });
});
