import { linkNames } from '@routed/datapath';
import { EventEmitter } from 'node:events';
import type { MonitorEvents, Rtnl } from '@routed/netns';
import { expect } from 'chai';
import { SetClock } from './support/set-clock.ts';
import {
  createNetwork,
  dockerId,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const runningId = dockerId('beef');
const address = '10.1.0.2';

describe('a container that ended while the daemon was away', () => {
  let first: WiredDaemon;
  let daemon: WiredDaemon;
  let poolId: string;
  const events = new EventEmitter<MonitorEvents>();
  beforeEach(async () => {
    first = await wiredDaemon();
    poolId = await createNetwork(first);
    // Its end of the link is on the host, where Docker puts it when the container ends.
    await startContainer(first, { poolId, endpointId, address });
    await startContainer(first, { poolId, endpointId: runningId, address: '10.1.0.3' });
    await moveToSandbox(first, runningId);
    await first.stop();
  });
  afterEach(() => daemon.stop());

  const restart = async (): Promise<void> => {
    daemon = await wiredDaemon({ kernel: first.kernel, state: first.state });
    daemon.parts.absence.listenTo(events, () => daemon.repair());
  };
  const routes = (): string[] =>
    daemon.kernel
      .inspect()
      .routes.filter(({ protocol }) => protocol === 200)
      .map(({ destination }) => destination);
  const settled = async (): Promise<void> => {
    daemon.repair();
    await daemon.stop();
  };
  const history = (): string[] => daemon.parts.describe(address).history.map(({ kind }) => kind);

  it('is withdrawn at the start, and stays so', async () => {
    await restart();
    expect(routes()).to.deep.equal(['10.1.0.3/32']);

    await settled();

    expect(routes()).to.deep.equal(['10.1.0.3/32']);
    expect(history()).to.deep.equal(['withdrawn']);
    expect(daemon.parts.status.report().problems.join()).to.contain('not announced');
  });

  it('is not said to be announced by two hosts when it runs on another one', async () => {
    await restart();

    expect(daemon.parts.cluster.claims.all().map((claim) => claim.address)).to.deep.equal(['10.1.0.3']);
    expect(daemon.parts.cluster.claims.of(address)).to.equal(undefined);
  });

  it('is withdrawn also where its end is elsewhere, but down', async () => {
    const netns = first.kernel.createNetns();
    await first.kernel.links.set({ name: linkNames(endpointId).container }, { netns, name: 'eth0' });

    await restart();

    expect(routes()).to.deep.equal(['10.1.0.3/32']);
  });

  it('is announced again when it turns out to have been about to start', async () => {
    await restart();
    await moveToSandbox(daemon, endpointId);
    const link = await daemon.kernel.links.get({ name: linkNames(endpointId).host });

    events.emit('link', { change: 'new', link: link! });
    await daemon.stop();

    expect(routes()).to.have.members(['10.1.0.2/32', '10.1.0.3/32']);
    expect(history().slice(0, 2)).to.deep.equal(['withdrawn', 'announced']);
    expect(daemon.parts.status.report().problems).to.deep.equal([]);
  });

  it('is announced again by the next round when the event of that was missed', async () => {
    await restart();
    await moveToSandbox(daemon, endpointId);

    await settled();
    // The round that found it asked for another.
    await settled();

    expect(routes()).to.have.members(['10.1.0.2/32', '10.1.0.3/32']);
  });

  it('gives way to the next start of the same endpoint', async () => {
    await restart();
    const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.reaper.flush();
    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/var/run/docker/netns/next', Options: {} });

    await settled();

    expect(routes()).to.have.members(['10.1.0.2/32', '10.1.0.3/32']);
  });

  it('is freed after a while without a word from Docker', async () => {
    const clock = new SetClock();
    await restart();
    const round = async (afterMs: number): Promise<void> => {
      clock.later(afterMs);
      daemon.parts.forgotten.survey(daemon.kernel.inspect().links);
      await daemon.parts.forgotten.sweep();
    };
    for (const afterMs of [121_000, 182_000]) await round(afterMs);
    clock.restore();

    expect(daemon.parts.forgotten.counts).to.deep.equal({ left: 1, endpoints: 1, leases: 1 });
    await daemon.call('IpamDriver.RequestAddress', { PoolID: poolId, Address: address, Options: null });
  });
});

describe('a container that ends while the daemon runs, without a call of Docker', () => {
  let daemon: WiredDaemon;
  let events: EventEmitter<MonitorEvents>;
  let inside: Rtnl;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    events = new EventEmitter();
    daemon.parts.absence.listenTo(events, () => daemon.repair());
    await startContainer(daemon, { poolId: await createNetwork(daemon), endpointId, address });
  });
  afterEach(() => daemon.stop());

  const routes = async (): Promise<string[]> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const all = daemon.kernel.inspect().routes.filter(({ protocol }) => protocol === 200);
    return all.map(({ destination, table }) => `${destination} ${table}`);
  };
  /** Tells what the kernel would of a link as it is now. */
  const tell = async (name: string): Promise<void> => {
    const link = await daemon.kernel.links.get({ name });
    if (link !== undefined) events.emit('link', { change: 'new', link });
  };
  const { host, container } = linkNames(endpointId);
  const start = async (): Promise<void> => {
    const netns = daemon.kernel.createNetns();
    await daemon.kernel.links.set({ name: container }, { netns, name: 'eth0' });
    await tell(host);
    inside = await netns.openRtnl();
    await inside.links.set({ name: 'eth0' }, { isUp: true });
    await tell(host);
  };

  it('is not withdrawn before Docker has moved and raised its end', async () => {
    await tell(host);
    await tell(container);
    const netns = daemon.kernel.createNetns();
    await daemon.kernel.links.set({ name: container }, { netns, name: 'eth0' });
    await tell(host);

    expect(await routes()).to.deep.equal(['10.1.0.2/32 254']);
  });

  it('is withdrawn while its end is down, and told of', async () => {
    await start();
    await inside.links.set({ name: 'eth0' }, { isUp: false });
    await tell(host);

    expect(await routes()).to.deep.equal([]);
    const { problems, endpoints, totals } = daemon.parts.status.report();
    expect(problems.join()).to.contain("its container's end of the link is down").and.not.to.contain('freed');
    expect(endpoints[0]?.announcement).to.include({
      policy: 'always',
      isAnnounced: false,
      reason: 'container gone',
    });
    expect(totals.announced).to.equal(0);

    await inside.links.set({ name: 'eth0' }, { isUp: true });
    await tell(host);
    expect(await routes()).to.deep.equal(['10.1.0.2/32 254']);
    expect(daemon.parts.status.report().problems).to.deep.equal([]);
  });

  it('is withdrawn as soon as its end is on the host, whatever its name', async () => {
    await start();
    await inside.links.set({ name: 'eth0' }, { netns: daemon.kernel.netns });
    await tell('eth0');

    expect(await routes()).to.deep.equal([]);
    expect(daemon.parts.status.report().problems.join()).to.contain('is back on the host; it is freed when Docker');
  });

  it('is withdrawn by the next round when the event was missed', async () => {
    await start();
    await inside.links.set({ name: 'eth0' }, { isUp: false });

    daemon.repair();

    expect(await routes()).to.deep.equal([]);
  });

  it('is not withdrawn when it is up again by the time of the look', async () => {
    await start();
    const { kernel } = daemon;
    const link = (await kernel.links.get({ name: host }))!;

    events.emit('link', { change: 'new', link: { ...link, hasCarrier: false } });

    expect(await routes()).to.deep.equal(['10.1.0.2/32 254']);
    expect(daemon.parts.status.report().problems).to.deep.equal([]);
  });

  it('is what Leave says it is: nothing is told of a container that Docker takes out', async () => {
    await start();
    await daemon.call('NetworkDriver.Leave', { NetworkID: dockerId('c98909'), EndpointID: endpointId });
    await tell(host);
    await inside.links.set({ name: 'eth0' }, { netns: daemon.kernel.netns });
    await tell('eth0');

    expect(await routes()).to.deep.equal([]);
    const told = daemon.parts.describe(address).history.map(({ detail }) => detail);
    expect(told.slice(1)).to.deep.equal(['its container joins the network', 'its container leaves the network']);
  });
});
