import { expect } from 'chai';
import { containerId, endpointId, NETWORK, OneContainer } from './support/one-container.ts';
import {
  createNetwork,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
  type WiredSettings,
} from './support/wired.ts';

describe('routed.drain', () => {
  let engine: OneContainer;
  let daemon: WiredDaemon;
  const wire = async (more: WiredSettings = {}): Promise<void> => {
    daemon = await wiredDaemon({ ...more, docker: engine.docker, engineEvents: (options) => engine.events(options) });
  };
  beforeEach(async () => {
    engine = new OneContainer();
    await wire();
  });
  afterEach(() => daemon.stop());

  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  /** The tables that have the route to the container. */
  const tables = async (): Promise<number[]> => {
    await settled();
    const { routes } = daemon.kernel.inspect();
    return routes.filter(({ destination }) => destination === '10.1.0.2/32').map(({ table }) => table);
  };
  const run = async (policy: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.announce': policy, ...more } });
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
  };
  const soon = async (ms: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
  };

  for (const policy of ['always', 'running']) {
    it(`withdraws a container with ${policy} at its stop signal, and sends the other one when the time is over`, async () => {
      await run(policy, { 'routed.drain': '300ms', 'routed.drain-signal': 'quit' });
      engine.start({ stopSignal: 'SIGURG' });
      expect(await tables()).to.deep.equal([254]);

      engine.tell('kill', {}, { signal: '23' });

      expect(await tables()).to.deep.equal([7200]);
      expect(engine.killed).to.deep.equal([]);
      await soon(500);
      expect(engine.killed).to.deep.equal([[containerId, 'SIGQUIT']]);
      expect(daemon.connections.count.firstCall.args).to.deep.equal([['10.1.0.2']]);
    });
  }

  it('is listed by drain --status, with the time of the signal, until the container has gone', async () => {
    await daemon.stop();
    await wire({ liveConnections: new Map([['10.1.0.2', 2]]) });
    await run('always', { 'routed.drain': '300ms' });
    engine.start({ stopSignal: 'SIGURG' });
    await settled();
    expect(await daemon.parts.announcements.drains()).to.have.deep.property('endpoints', []);
    const toldAtMs = Date.now();

    engine.tell('kill', {}, { signal: '23', atMs: toldAtMs });
    await settled();

    const listed = { endpointId, container: 'web', network: 'web-net', isAnnounced: false };
    const until = new Date(toldAtMs + 300).toISOString();
    const status = async (): Promise<unknown> => (await daemon.parts.announcements.drains()).endpoints;
    expect(await status()).to.deep.equal([
      { ...listed, stop: { until, isSignalSent: false }, connections: { '10.1.0.2': 2 } },
    ]);
    expect((await daemon.parts.announcements.drain('web', false)).endpoints, 'undrain').to.have.length(1);
    await soon(500);
    expect(await status()).to.have.nested.property('[0].stop.isSignalSent', true);
    await daemon.call('NetworkDriver.Leave', { NetworkID: NETWORK, EndpointID: endpointId });
    expect(await status()).to.deep.equal([]);
  });

  it('sends SIGTERM as soon as two looks find no connection', async () => {
    await run('always', { 'routed.drain': '1h' });
    engine.start({ stopSignal: 'SIGURG' });
    await settled();

    engine.tell('kill', {}, { signal: '23' });

    await soon(1300);
    expect(engine.killed).to.deep.equal([[containerId, 'SIGTERM']]);
    expect(daemon.connections.count.callCount).to.equal(2);
  });

  for (const [what, stopSignal, signal] of [
    ['a stop signal that ends it', '', '15'],
    ['another signal', 'SIGURG', '1'],
  ] as const) {
    it(`sends nothing after ${what}`, async () => {
      await run('running', { 'routed.drain': '10ms' });
      engine.start({ stopSignal });
      await settled();

      engine.tell('kill', {}, { signal });

      await soon(60);
      expect(engine.killed).to.deep.equal([]);
    });
  }

  it('sends nothing to a container that has ended', async () => {
    await run('always', { 'routed.drain': '400ms' });
    engine.start({ stopSignal: 'SIGURG' });
    engine.tell('kill', {}, { signal: '23' });
    await settled();

    engine.tell('die');

    await soon(500);
    expect(engine.killed).to.deep.equal([]);
    expect(daemon.warnings.callCount).to.equal(0);
  });

  /** Kills the daemon, as far as its records and the kernel show, and starts the next one. */
  const restart = async (): Promise<void> => {
    await daemon.stop();
    await wire({ kernel: daemon.kernel, state: daemon.state });
  };
  const stop = async (options: Readonly<Record<string, string>>): Promise<void> => {
    await run('always', options);
    await moveToSandbox(daemon, endpointId);
    engine.start({ stopSignal: 'SIGURG' });
    await settled();
    engine.tell('kill', {}, { signal: '23' });
    await settled();
  };

  it('goes on in the next run of the daemon, withdrawn all the time, with what is left of its time', async () => {
    await stop({ 'routed.drain': '200ms' });

    await restart();

    expect(await tables()).to.deep.equal([7200]);
    expect(daemon.parts.journal.entries().map(({ kind }) => kind)).to.deep.equal([]);
    expect(engine.killed).to.deep.equal([]);
    await soon(250);
    expect(engine.killed).to.deep.equal([[containerId, 'SIGTERM']]);
  });

  it('withdraws what the previous run had only noted', async () => {
    await stop({ 'routed.drain': '1h' });
    await daemon.parts.endpoints.announce(endpointId, true, 'as it was before');
    expect(await tables()).to.deep.equal([254]);

    await restart();

    expect(await tables()).to.deep.equal([7200]);
  });

  it('sends the signal once, also when the daemon is restarted after it', async () => {
    await stop({ 'routed.drain': '10ms' });
    await soon(60);
    expect(engine.killed).to.have.length(1);

    await restart();

    await soon(60);
    expect(engine.killed).to.have.length(1);
    expect(await tables()).to.deep.equal([7200]);
  });

  it('sends the signal when Docker answers again, if it did not when it was due', async () => {
    engine.isDeaf = true;
    await stop({ 'routed.drain': '10ms' });
    await soon(60);
    expect(engine.killed).to.deep.equal([]);

    engine.isDeaf = false;
    engine.notice({ kind: 'resync', reason: 'gap' });

    await soon(60);
    expect(engine.killed).to.deep.equal([[containerId, 'SIGTERM']]);
  });

  it('ends with Leave, though Docker told of no end: the next start of the container is not stopped', async () => {
    await stop({ 'routed.drain': '50ms' });
    const ids = { NetworkID: NETWORK, EndpointID: endpointId };
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.reaper.flush();

    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/var/run/docker/netns/next', Options: {} });
    engine.notice({ kind: 'resync', reason: 'gap' });

    await soon(100);
    expect(engine.killed).to.deep.equal([]);
    expect(await tables()).to.deep.equal([254]);
  });

  for (const [what, startedAgoMs, expected] of [
    ['goes on with a stop signal that came while the daemon was away', 60_000, [[containerId, 'SIGTERM']]],
    ['leaves alone a container that was started after its stop signal', 0, []],
  ] as const) {
    it(what, async () => {
      await run('always', { 'routed.drain': '1s' });
      await moveToSandbox(daemon, endpointId);
      engine.start({ stopSignal: 'SIGURG', startedAtMs: Date.now() - startedAgoMs });
      await settled();
      await daemon.stop();

      await wire({ kernel: daemon.kernel, state: daemon.state });
      await settled();
      engine.tell('kill', {}, { signal: '23', atMs: Date.now() - 5_000 });
      engine.tell('die', {}, { atMs: Date.now() - 5_000 });

      await soon(50);
      expect(engine.killed).to.deep.equal(expected);
      expect(await tables()).to.deep.equal([expected.length > 0 ? 7200 : 254]);
    });
  }
});
