import { expect } from 'chai';
import { endpointId, NETWORK, OneContainer } from './support/one-container.ts';
import { createNetwork, moveToSandbox, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

describe('a container that was sent a signal that ends it, and runs on for a while', () => {
  let engine: OneContainer;
  let daemon: WiredDaemon;
  const ids = { NetworkID: NETWORK, EndpointID: endpointId };

  beforeEach(async () => {
    engine = new OneContainer();
    daemon = await wiredDaemon({ docker: engine.docker, engineEvents: (options) => engine.events(options) });
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
  const reason = (): string => daemon.parts.announcer.reasonOf(endpointId);
  /** Ends the daemon, and starts the next one with what there is. */
  const restart = async (): Promise<void> => {
    const { kernel, state } = daemon;
    await daemon.stop();
    daemon = await wiredDaemon({
      ...{ kernel, state, docker: engine.docker },
      engineEvents: (options) => engine.events(options),
    });
    await settled();
  };
  /** A minute ago. */
  const start = async (policy: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.announce': policy, ...more } });
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    await moveToSandbox(daemon, endpointId);
    engine.start({ health: 'healthy', startedAtMs: Date.now() - 60_000 });
    if (policy === 'manual') await daemon.parts.announcements.set('web', true);
    expect(await tables()).to.deep.equal([254]);
  };

  for (const policy of ['running', 'healthy', 'manual']) {
    it(`stays withdrawn in the next run of the daemon, with ${policy}`, async () => {
      await start(policy);
      engine.tell('kill', {}, { signal: '15' });
      expect(await tables()).to.deep.equal([7200]);

      await restart();

      expect(await tables()).to.deep.equal([7200]);
      expect(reason()).to.equal('ending');
      expect(daemon.parts.journal.entries(), 'announced and withdrawn again').to.deep.equal([]);
    });
  }

  it('stays withdrawn with routed.drain, which its signal did not let happen', async () => {
    await start('always', { 'routed.drain': '1h' });
    engine.tell('kill', {}, { signal: '15' });
    expect(await tables()).to.deep.equal([7200]);

    await restart();

    expect(await tables()).to.deep.equal([7200]);
    expect(engine.killed).to.deep.equal([]);
  });

  for (const [what, happen] of [
    ['Docker is read anew', () => engine.notice({ kind: 'resync', reason: 'gap' })],
    ['it is paused and goes on', () => ['pause', 'unpause'].forEach((action) => engine.tell(action))],
  ] as const) {
    it(`stays withdrawn when ${what}`, async () => {
      await start('running');
      engine.tell('kill', {}, { signal: '15' });
      await settled();

      happen();

      expect(await tables()).to.deep.equal([7200]);
      expect(reason()).to.equal('ending');
    });
  }

  for (const [what, signalledAgoMs, expected] of [
    ['is withdrawn by a signal that came while the daemon was away', 5_000, [7200]],
    ['is announced in spite of a signal from before its start', 65_000, [254]],
  ] as const) {
    it(what, async () => {
      await start('running');
      await restart();
      expect(await tables()).to.deep.equal([254]);

      engine.tell('kill', {}, { signal: '15', atMs: Date.now() - signalledAgoMs });

      expect(await tables()).to.deep.equal(expected);
    });
  }

  it('is announced when an operator gives it a policy anew: it survived', async () => {
    await start('running');
    engine.tell('kill', {}, { signal: '15' });
    expect(await tables()).to.deep.equal([7200]);

    await daemon.parts.announcements.follow('web', 'running');

    expect(await tables()).to.deep.equal([254]);
  });

  it('is announced when it is started again', async () => {
    await start('running');
    engine.tell('kill', {}, { signal: '15' });
    engine.tell('die', { status: 'exited', isRunning: false });
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.reaper.flush();
    await settled();

    await daemon.call('NetworkDriver.Join', { ...ids, SandboxKey: '/var/run/docker/netns/next', Options: {} });
    engine.start({ startedAtMs: Date.now() });

    expect(await tables()).to.deep.equal([254]);
  });
});
