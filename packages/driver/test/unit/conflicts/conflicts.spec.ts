import { expect } from 'chai';
import {
  createNetwork,
  dockerId,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from '../support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const address = '10.1.0.2';
const prefix = `${address}/32`;
const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };

describe('an address that another host comes to announce, too', () => {
  let answers: Record<string, unknown>;
  let daemon: WiredDaemon;
  let uplink: number;

  beforeEach(() => {
    answers = {};
  });
  afterEach(async () => {
    await daemon.reaper.flush();
    await daemon.stop();
  });

  const start = async (driverOptions: Readonly<Record<string, string>>): Promise<void> => {
    daemon = await wiredDaemon({ routers: { ask: (_, command) => Promise.resolve(answers[command]) } });
    uplink = (await daemon.kernel.links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } })).index;
    await daemon.kernel.addresses.add({ linkIndex: uplink, address: '10.9.0.1/24' });
    const poolId = await createNetwork(daemon, { driverOptions });
    await startContainer(daemon, { poolId, endpointId, address });
  };
  /** Another router announces it; ours wins in this kernel as long as it is there. */
  const announceElsewhere = (routerId: string): void => {
    const nexthops = [{ ip: '10.9.0.2', interfaceName: 'eth1' }];
    answers[`show ip route ${prefix} json`] = { [prefix]: [{ protocol: 'ospf', nexthops }] };
    answers[`show ip ospf database external ${address} json`] = {
      routerId: '10.0.0.5',
      asExternalLinkStates: [{ lsaAge: 1, advertisingRouter: routerId, networkMask: 32 }],
    };
  };
  const theirRoute = () =>
    ({ destination: prefix, gateway: '10.9.0.2', linkIndex: uplink, protocol: 188, metric: 20 }) as const;
  /** Looks twice: a route stays until the other host has had the time to notice. */
  const lookUntilYielded = async (): Promise<void> => {
    await look();
    expect(status().conflicts[0]?.state).to.equal('yielding');
    expect(ours(), 'before the other host can have noticed').to.deep.equal([prefix]);
    settle();
    await look();
  };
  const look = async (): Promise<void> => {
    const { conflicts, claims } = daemon.parts.cluster;
    for (const claim of claims.all()) await conflicts.check(claim);
  };
  const ours = (): string[] =>
    daemon.kernel
      .inspect()
      .routes.filter(({ protocol, destination }) => protocol === 200 && destination === prefix)
      .map(({ destination }) => destination);
  const status = () => daemon.parts.status.report();
  const history = (): string[] => daemon.parts.describe(address).history.map(({ kind }) => kind);
  /** The clock is the real one: what has been yielded is not missed within a second. */
  const settle = (): void => {
    const now = performance.now() + 1_600;
    performance.now = () => now;
  };
  const realNow = performance.now.bind(performance);
  afterEach(() => {
    performance.now = realNow;
  });

  it('is told once: in the log, in status and in its history', async () => {
    await start({});
    announceElsewhere('10.0.0.4');

    await look();
    await look();

    const told =
      `address ${address} of endpoint c80b7eea6528 is also announced by another host (route via 10.9.0.2 dev eth1 ` +
      'proto ospf, from router 10.0.0.4): this host keeps announcing it, its network has routed.on-conflict=keep';
    expect(daemon.warnings.getCalls().map(({ args }) => args[1] as string)).to.deep.equal([told]);
    expect(status().problems).to.deep.equal([told]);
    expect(status().conflicts[0]).to.include({ address, endpointId, state: 'kept' });
    expect(status().cluster).to.include({ conflictsFound: 1, conflictsEnded: 0, yielded: 0 });
    expect(history()).to.deep.equal(['leased', 'announced', 'conflict']);
    expect(status().totals.conflicts).to.include({ kept: 1 });
    expect(ours()).to.deep.equal([prefix]);
  });

  it('is over when the other host no longer announces it', async () => {
    await start({});
    announceElsewhere('10.0.0.4');
    await look();
    answers = {};

    await look();

    expect(status().conflicts).to.deep.equal([]);
    expect(status().cluster).to.include({ conflictsFound: 1, conflictsEnded: 1 });
  });

  it('is no conflict on an anycast network', async () => {
    await start({ 'routed.anycast': 'true' });
    announceElsewhere('10.0.0.4');

    await look();

    expect(status().conflicts).to.deep.equal([]);
    expect(status().cluster).to.include({ conflictsFound: 0 });
  });

  it('is yielded to a lower id, and not repaired', async () => {
    await start({ 'routed.on-conflict': 'yield' });
    announceElsewhere('10.0.0.4');

    await lookUntilYielded();
    daemon.repair();
    await daemon.stop();

    expect(ours()).to.deep.equal([]);
    expect(status().conflicts[0]).to.include({ state: 'yielded', reason: 'the other host has the lower id' });
    expect(status().cluster).to.include({ conflictsFound: 1, yielded: 1 });
    expect(history()).to.deep.equal(['leased', 'announced', 'conflict', 'withdrawn']);
    expect(status().lastRound?.repairs).to.deep.equal({});
  });

  it('is kept against a higher id, and against one that nobody knows', async () => {
    await start({ 'routed.on-conflict': 'yield' });
    announceElsewhere('10.0.0.10');
    await look();
    expect(status().conflicts[0]).to.include({ state: 'kept', reason: 'this host has the lower id' });
    Reflect.deleteProperty(answers, `show ip ospf database external ${address} json`);

    await look();

    expect(ours()).to.deep.equal([prefix]);
  });

  it('is taken back when the other host stops, not before', async () => {
    await start({ 'routed.on-conflict': 'yield' });
    announceElsewhere('10.0.0.4');
    await lookUntilYielded();
    await look();
    expect(ours(), 'before the other route can be here').to.deep.equal([]);
    await daemon.kernel.routes.add(theirRoute());
    settle();
    await look();
    expect(ours(), 'while the other route is here').to.deep.equal([]);
    answers = {};
    await daemon.kernel.routes.delete(theirRoute());

    await look();

    expect(ours()).to.deep.equal([prefix]);
    expect(status().conflicts).to.deep.equal([]);
    expect(status().cluster).to.include({ conflictsFound: 1, conflictsEnded: 1, yielded: 1, resumed: 1 });
    expect(history().slice(2)).to.deep.equal(['conflict', 'withdrawn', 'conflict', 'announced']);
  });

  it('stays yielded over a restart of the daemon', async () => {
    await start({ 'routed.on-conflict': 'yield' });
    await moveToSandbox(daemon, endpointId);
    announceElsewhere('10.0.0.4');
    await lookUntilYielded();
    await daemon.kernel.routes.add(theirRoute());
    const { kernel, state } = daemon;

    daemon = await wiredDaemon({ kernel, state, routers: { ask: (_, command) => Promise.resolve(answers[command]) } });

    expect(ours()).to.deep.equal([]);
    expect(status().conflicts[0]).to.include({ address, state: 'yielded' });
  });

  it('is forgotten with its container, whose successor gets its route', async () => {
    await start({ 'routed.on-conflict': 'yield' });
    announceElsewhere('10.0.0.4');
    await lookUntilYielded();
    daemon.parts.cluster.watch.start({ on: () => undefined });
    answers = {};

    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });
    daemon.repair();
    await daemon.stop();
    await daemon.parts.cluster.watch.stop();

    expect(ours()).to.deep.equal([prefix]);
    expect(status().cluster).to.include({ conflictsEnded: 1, resumed: 0 });
  });
});
