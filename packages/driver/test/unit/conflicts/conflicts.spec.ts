import { expect } from 'chai';
import { moveToSandbox } from '../support/wired.ts';
import { address, endpointId, ids, MAIN, TwoAnnouncers, UNANNOUNCED } from '../support/two-announcers.ts';

describe('an address that another host comes to announce, too', () => {
  let hosts: TwoAnnouncers;
  beforeEach(async () => {
    hosts = new TwoAnnouncers();
    await hosts.open();
  });
  afterEach(() => hosts.close());

  const status = () => hosts.daemon.parts.status.report();
  const history = (): string[] => hosts.daemon.parts.describe(address).history.map(({ kind }) => kind);
  /** Until what has been yielded would be missed. */
  const settle = (): void => hosts.pass(1_600);
  /** Looks twice: a route stays until the other host has had the time to notice. */
  const lookUntilYielded = async (): Promise<void> => {
    await hosts.look();
    expect(status().conflicts[0]?.state).to.equal('yielding');
    expect(hosts.tables(), 'before the other host can have noticed').to.deep.equal([MAIN]);
    settle();
    await hosts.look();
  };

  it('is told once: in the log, in status and in its history', async () => {
    await hosts.run({});
    hosts.hear('10.0.0.4');

    await hosts.look();
    await hosts.look();

    const told =
      `address ${address} of endpoint c80b7eea6528 is also announced by another host (route via 10.9.0.2 dev eth1 ` +
      'proto ospf, from router 10.0.0.4): this host keeps announcing it, its network has routed.on-conflict=keep';
    expect(hosts.daemon.warnings.getCalls().map(({ args }) => args[1] as string)).to.deep.equal([told]);
    expect(status().problems).to.deep.equal([told]);
    expect(status().conflicts[0]).to.include({ address, endpointId, state: 'kept' });
    expect(status().cluster).to.include({ conflictsFound: 1, conflictsEnded: 0, yielded: 0 });
    expect(history()).to.deep.equal(['leased', 'announced', 'conflict']);
    expect(status().totals.conflicts).to.include({ kept: 1 });
    expect(hosts.tables()).to.deep.equal([MAIN]);
  });

  it('is over when the other host no longer announces it', async () => {
    await hosts.run({});
    hosts.hear('10.0.0.4');
    await hosts.look();
    hosts.hearNothing();

    await hosts.look();

    expect(status().conflicts).to.deep.equal([]);
    expect(status().cluster).to.include({ conflictsFound: 1, conflictsEnded: 1 });
  });

  it('is no conflict on an anycast network', async () => {
    await hosts.run({ 'routed.anycast': 'true' });
    hosts.hear('10.0.0.4');

    await hosts.look();

    expect(status().conflicts).to.deep.equal([]);
    expect(status().cluster).to.include({ conflictsFound: 0 });
  });

  it('is yielded to a lower id, and not repaired', async () => {
    await hosts.run({ 'routed.on-conflict': 'yield' });
    hosts.hear('10.0.0.4');

    await lookUntilYielded();
    hosts.daemon.repair();
    await hosts.daemon.stop();

    expect(hosts.tables()).to.deep.equal([UNANNOUNCED]);
    expect(status().conflicts[0]).to.include({ state: 'yielded', reason: 'the other host has the lower id' });
    expect(status().cluster).to.include({ conflictsFound: 1, yielded: 1 });
    expect(hosts.daemon.parts.describe(address).announcement).to.include({ isAnnounced: false, reason: 'yielded' });
    expect(status().totals.announced).to.equal(0);
    expect(history()).to.deep.equal(['leased', 'announced', 'conflict', 'withdrawn']);
    expect(status().lastRound?.repairs).to.deep.equal({});
  });

  it('is kept against a higher id, and against one that nobody knows', async () => {
    await hosts.run({ 'routed.on-conflict': 'yield' });
    hosts.hear('10.0.0.10');
    await hosts.look();
    expect(status().conflicts[0]).to.include({ state: 'kept', reason: 'this host has the lower id' });
    hosts.forgetRouter();

    await hosts.look();

    expect(hosts.tables()).to.deep.equal([MAIN]);
  });

  it('is taken back when the other host stops, not before', async () => {
    await hosts.run({ 'routed.on-conflict': 'yield' });
    hosts.hear('10.0.0.4');
    await lookUntilYielded();
    await hosts.look();
    expect(hosts.tables(), 'before the other route can be here').to.deep.equal([UNANNOUNCED]);
    await hosts.learn();
    settle();
    await hosts.look();
    expect(hosts.tables(), 'while the other route is here').to.deep.equal([UNANNOUNCED]);
    hosts.hearNothing();
    await hosts.learn(false);

    await hosts.look();

    expect(hosts.tables()).to.deep.equal([MAIN]);
    expect(status().conflicts).to.deep.equal([]);
    expect(status().cluster).to.include({ conflictsFound: 1, conflictsEnded: 1, yielded: 1, resumed: 1 });
    expect(history().slice(2)).to.deep.equal(['conflict', 'withdrawn', 'conflict', 'announced']);
  });

  it('stays yielded over a restart of the daemon', async () => {
    await hosts.run({ 'routed.on-conflict': 'yield' });
    await moveToSandbox(hosts.daemon, endpointId);
    hosts.hear('10.0.0.4');
    await lookUntilYielded();
    await hosts.learn();

    await hosts.restart();

    expect(hosts.tables()).to.deep.equal([UNANNOUNCED]);
    expect(status().conflicts[0]).to.include({ address, state: 'yielded' });
  });

  it('is forgotten with its container, whose successor gets its route', async () => {
    await hosts.run({ 'routed.on-conflict': 'yield' });
    hosts.hear('10.0.0.4');
    await lookUntilYielded();
    hosts.daemon.parts.cluster.watch.start({ on: () => undefined });
    hosts.hearNothing();

    await hosts.daemon.call('NetworkDriver.Leave', ids);
    await hosts.daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/x', Options: {} });
    hosts.daemon.repair();
    await hosts.daemon.stop();
    await hosts.daemon.parts.cluster.watch.stop();

    expect(hosts.tables()).to.deep.equal([MAIN]);
    expect(status().cluster).to.include({ conflictsEnded: 1, resumed: 0 });
  });
});
