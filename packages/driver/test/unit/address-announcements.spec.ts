import { expect } from 'chai';
import sinon from 'sinon';
import { REASON_WORDS } from '../../src/announcement/announcement-words.ts';
import { FLAPPING } from '../../src/announcement/announcement.ts';
import { endpointId, NETWORK, OneContainer } from './support/one-container.ts';
import { createNetwork, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const address = '10.1.0.2';

describe('what is said of the announcement of an address', () => {
  let engine: OneContainer;
  let daemon: WiredDaemon;
  const metrics = {
    countRepair: sinon.fake(),
    onError: sinon.fake(),
    observeRound: sinon.fake(),
    observeWithdrawal: sinon.fake(),
  };
  beforeEach(async () => {
    metrics.observeWithdrawal.resetHistory();
    engine = new OneContainer();
    daemon = await wiredDaemon({
      docker: engine.docker,
      engineEvents: (options) => engine.events(options),
      liveConnections: new Map([[address, 3]]),
      metrics,
    });
  });
  afterEach(() => daemon.stop());

  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const run = async (policy: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.announce': policy, ...more } });
    await startContainer(daemon, { poolId, endpointId, address });
  };
  const said = async () => {
    await settled();
    return daemon.parts.describe(address).announcement!;
  };
  const happened = async (kind: string): Promise<string[]> => {
    await settled();
    const entries = daemon.parts.journal.entries().filter((entry) => entry.kind === kind);
    return entries.map(({ detail }) => detail);
  };
  const counted = () => daemon.parts.status.counts();

  it('is the reason in plain words, what ends it, and since when', async () => {
    const before = new Date().toISOString();
    await run('healthy');
    engine.start({ health: 'starting' });

    const withdrawn = await said();
    expect(withdrawn).to.include({ policy: 'healthy', isAnnounced: false, reason: 'not healthy' });
    expect(withdrawn).to.include({ why: 'its health check does not pass', until: 'its health check passes' });
    expect(withdrawn.since! >= before, withdrawn.since).to.equal(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    engine.tell('health_status', { health: 'healthy' }, { detail: 'healthy' });

    const announced = await said();
    expect(announced).to.include({ isAnnounced: true, reason: 'healthy', why: 'its health check passes' });
    expect(announced.since! > withdrawn.since!, announced.since).to.equal(true);
    expect(counted().announcements).to.deep.equal([
      { policy: 'healthy', isAnnounced: true, reason: 'healthy', endpoints: 1 },
    ]);
    expect((await daemon.parts.list.list()).map((row) => row.announcement?.reason)).to.deep.equal(['healthy']);
    expect(daemon.parts.status.addresses()).to.deep.equal([
      { address, container: 'web', network: 'web-net', isAnnounced: true },
    ]);
  });

  it('names the command that ends a drain', async () => {
    await run('always');
    await daemon.parts.announcements.drain('web', true);
    expect(await said()).to.include({ reason: 'draining', until: 'routed-plugin undrain' });

    await daemon.parts.announcements.drainHost(true);

    expect(await said()).to.include({ why: 'an operator drains the whole host', until: 'routed-plugin undrain --all' });
    expect(counted().drains).to.deep.include({ draining: 1, endpoint: { begun: 1, ended: 0 } });
    expect(await daemon.parts.announcements.connectionsLeft()).to.equal(3);
    await daemon.parts.announcements.drainHost(false);
    expect(counted().drains).to.deep.include({ draining: 0, host: { begun: 1, ended: 1 } });
    expect(counted().announcements).to.deep.equal([
      { policy: 'always', isAnnounced: true, reason: 'always', endpoints: 1 },
    ]);
    expect(await happened('ordered')).to.deep.equal([
      'an operator: routed-plugin drain',
      'an operator: routed-plugin drain --all',
      'an operator: routed-plugin undrain --all',
    ]);
  });

  it('says until when a delay goes on, and in the events that it began and ended', async () => {
    await run('running', { 'routed.announce-delay': '1s' });
    engine.start();

    const { reason, dueAt } = await said();
    expect(reason).to.equal('delayed');
    expect(Date.parse(dueAt!) - Date.now()).to.be.within(-5_000, 1_000);
    expect((await happened('held')).join()).to.match(
      /^delayed: stays withdrawn until 2\S+Z, if nothing happens before$/,
    );
    for (let turn = 0; turn < 1_000 && (await said()).dueAt !== undefined; turn++)
      await new Promise((resolve) => setTimeout(resolve, 10));

    expect(await happened('announced')).to.deep.equal(['running (no longer delayed)']);
    expect((await said()).dueAt).to.equal(undefined);
  });

  it('tells of flapping in the events', async () => {
    await run('running');
    engine.start();
    for (let round = 0; round < FLAPPING.count; round++) {
      engine.tell('pause');
      engine.tell('unpause');
    }

    expect(await said()).to.include({ isAnnounced: false, reason: 'flapping' });
    expect((await happened('held')).join()).to.match(
      /^flapping: stays withdrawn until 2\S+Z, if nothing happens before$/,
    );
    expect(await happened('withdrawn')).to.deep.equal(Array.from({ length: FLAPPING.count }, () => 'paused'));
  });

  it('says that Docker does not answer', async () => {
    await run('running');
    engine.start();
    await settled();

    engine.notice({ kind: 'disconnected', error: new Error('gone') as never });

    expect((await said()).why).to.equal('its container runs, as far as Docker said before it stopped answering');
  });

  it('measures the time from the event to the withdrawal, and nothing else', async () => {
    await run('running');
    engine.start();
    engine.tell('pause');
    engine.tell('unpause');
    engine.tell('die');
    await settled();

    sinon.assert.calledTwice(metrics.observeWithdrawal);
    expect(metrics.observeWithdrawal.firstCall.args[0]).to.be.within(0, 5);
  });

  it('forgets addresses that have left', async () => {
    await run('running');
    await daemon.call('NetworkDriver.Leave', { NetworkID: NETWORK, EndpointID: endpointId });

    expect(daemon.parts.describe(address).announcement).to.equal(undefined);
    expect(counted().announcements).to.deep.equal([]);
    expect(daemon.parts.status.report().endpoints[0]).not.to.have.property('announcement');
  });

  it('names the container and the network of events, also once they are gone', async () => {
    await run('always');
    await daemon.parts.list.list();
    await daemon.call('NetworkDriver.Leave', { NetworkID: NETWORK, EndpointID: endpointId });

    const entries = daemon.parts.journal.entries(address).filter((entry) => entry.endpointId === endpointId);

    expect(entries.map(({ kind, container, network }) => [kind, container, network])).to.deep.equal([
      ['announced', 'web', 'web-net'],
      ['withdrawn', 'web', 'web-net'],
    ]);
  });

  it('counts a drain at docker stop, and tells what becomes of it', async () => {
    await run('always', { 'routed.drain': '30ms' });
    engine.start({ stopSignal: 'SIGURG' });
    engine.tell('kill', {}, { signal: '23' });
    expect((await said()).why).to.contain('(routed.drain)');
    expect(await daemon.parts.announcements.connectionsLeft()).to.equal(3);

    await new Promise((resolve) => setTimeout(resolve, 80));

    expect(counted().drains).to.deep.include({
      draining: 1,
      stop: { begun: 1, empty: 0, timeOver: 1, ended: 0 },
    });
    expect(await happened('drained')).to.deep.equal([
      'its container was told to stop: it is sent SIGTERM once no connection is left, within 0.03 s',
      'the time of routed.drain is over, 3 connections are left: SIGTERM is sent',
    ]);
  });

  it('has words for every reason that fit "announced until" and "not announced until"', () => {
    for (const { why, until } of Object.values(REASON_WORDS)) {
      expect(why).to.match(/^[a-zA-Z].*[^.]$/);
      expect(until).to.match(/^[a-zA-Z].*[^.]$/);
    }
  });
});
