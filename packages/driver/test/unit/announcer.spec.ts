import type { ContainerDetails, EngineNotice } from '@routed/docker-engine';
import { expect } from 'chai';
import { on, EventEmitter } from 'node:events';
import {
  createNetwork,
  dockerId,
  dockerOf,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from './support/wired.ts';

const endpointId = dockerId('beef');
const containerId = dockerId('c0ffee');
const NETWORK = dockerId('c98909');

/** Docker with one container, whose state the test sets and whose events it tells. */
class OneContainer {
  readonly #notices = new EventEmitter();
  details: ContainerDetails = {
    id: containerId,
    name: 'web',
    networks: [{ networkName: 'web-net', networkId: NETWORK, endpointId }],
    status: 'created',
    isRunning: false,
    isPaused: false,
    stopSignal: '',
    labels: {},
  };
  readonly killed: [id: string, signalName: string][] = [];
  readonly docker = {
    ...dockerOf(() => [this.details]),
    inspect: () => Promise.resolve(this.details),
    kill: (id: string, signalName: string) => {
      this.killed.push([id, signalName]);
      return Promise.resolve(true);
    },
  };

  async *events(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<EngineNotice, void, undefined> {
    const notices = on(this.#notices, 'notice', { signal: options.signal });
    yield { kind: 'resync', reason: 'first' };
    try {
      for await (const [notice] of notices) yield notice as EngineNotice;
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    }
  }

  tell(
    action: string,
    changes: Partial<ContainerDetails> = {},
    more: { readonly detail?: string; readonly signal?: string } = {},
  ): void {
    this.details = { ...this.details, ...changes };
    const attributes = more.signal === undefined ? {} : { signal: more.signal };
    const event = { type: 'container', action, detail: more.detail ?? '', id: containerId, attributes, timeNano: 0n };
    this.#notices.emit('notice', { kind: 'event', event });
  }

  notice(notice: EngineNotice): void {
    this.#notices.emit('notice', notice);
  }

  start(changes: Partial<ContainerDetails> = {}): void {
    this.tell('start', { status: 'running', isRunning: true, ...changes });
  }
}

describe('routed.announce', () => {
  let engine: OneContainer;
  let daemon: WiredDaemon;
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
  const rules = async (): Promise<number> => (await daemon.kernel.rules.list({ protocol: 200 })).length;
  const run = async (policy: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.announce': policy, ...more } });
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
  };

  it('announces from Join on by default, and follows no events for it', async () => {
    await run('always');

    expect(await tables()).to.deep.equal([254]);
    expect(await rules()).to.equal(0);
  });

  it('delivers to a container that is not announced yet, and announces it when it runs', async () => {
    await run('running');
    expect(await tables()).to.deep.equal([7200]);
    expect(await rules()).to.equal(3);

    engine.start();

    expect(await tables()).to.deep.equal([254]);
    expect(await rules()).to.equal(0);
  });

  it('announces while Docker says healthy', async () => {
    await run('healthy');
    engine.start({ health: 'starting' });
    expect(await tables()).to.deep.equal([7200]);

    engine.tell('health_status', { health: 'healthy' }, { detail: 'healthy' });
    expect(await tables()).to.deep.equal([254]);
    engine.tell('health_status', { health: 'unhealthy' }, { detail: 'unhealthy' });

    expect(await tables()).to.deep.equal([7200]);
  });

  for (const [what, stopSignal, signal] of [
    ['SIGTERM', '', '15'],
    ['its own stop signal', 'SIGUSR1', '10'],
    ['its own stop signal, without SIG', 'QUIT', '3'],
    ['SIGKILL', 'SIGUSR1', '9'],
  ] as const) {
    it(`withdraws at ${what}, before the container is gone`, async () => {
      await run('running');
      engine.start({ stopSignal });
      expect(await tables()).to.deep.equal([254]);

      engine.tell('kill', {}, { signal });

      expect(await tables()).to.deep.equal([7200]);
      await daemon.call('NetworkDriver.Leave', { NetworkID: NETWORK, EndpointID: endpointId });
      expect(await tables()).to.deep.equal([]);
    });
  }

  it('stays announced at a signal that ends nothing', async () => {
    await run('running');
    engine.start();

    engine.tell('kill', {}, { signal: '1' });

    expect(await tables()).to.deep.equal([254]);
  });

  it('withdraws a paused container, and announces it again', async () => {
    await run('running');
    engine.start();

    engine.tell('pause');
    expect(await tables()).to.deep.equal([7200]);
    engine.tell('unpause');

    expect(await tables()).to.deep.equal([254]);
  });

  it('leaves all as it is while Docker does not answer, and says so', async () => {
    await run('running');
    engine.start();
    await settled();

    engine.notice({ kind: 'disconnected', error: new Error('gone') as never });

    expect(await tables()).to.deep.equal([254]);
    expect(daemon.parts.status.report().problems.join()).to.contain('Docker does not answer');
    engine.notice({ kind: 'resumed' });
    await settled();
    expect(daemon.parts.status.report().problems.join()).not.to.contain('Docker does not answer');
  });

  it('reads the state anew when events may have been missed', async () => {
    await run('running');
    engine.details = { ...engine.details, status: 'running', isRunning: true };

    engine.notice({ kind: 'resync', reason: 'gap' });

    expect(await tables()).to.deep.equal([254]);
  });

  it('waits for routed.announce-delay', async () => {
    await run('running', { 'routed.announce-delay': '50ms' });
    engine.start();
    expect(await tables()).to.deep.equal([7200]);

    await new Promise((resolve) => setTimeout(resolve, 80));

    expect(await tables()).to.deep.equal([254]);
  });

  it('is changed by operators where it is manual', async () => {
    await run('manual');
    engine.start();
    expect(await tables()).to.deep.equal([7200]);

    const [announced] = await daemon.parts.announcements.set('web', true);
    expect(announced).to.include({ isAnnounced: true, reason: 'announced by operator', network: 'web-net' });
    expect(await tables()).to.deep.equal([254]);
    await daemon.parts.announcements.set('web', false);

    expect(await tables()).to.deep.equal([7200]);
  });

  it('is not changed by operators where it decides by itself', async () => {
    await run('healthy');

    const error: unknown = await daemon.parts.announcements.set('web', true).catch((thrown: unknown) => thrown);

    expect(String(error)).to.contain('container web has routed.announce=healthy, which decides by itself');
  });

  it('warns of a container without HEALTHCHECK, and announces it', async () => {
    await run('healthy');
    engine.start();

    expect(await tables()).to.deep.equal([254]);
    expect(daemon.parts.status.report().problems.join()).to.contain('has no HEALTHCHECK');
  });

  it('gets back rules that others deleted', async () => {
    await run('running');
    await settled();
    for (const { priority, destination } of await daemon.kernel.rules.list({ protocol: 200 })) {
      await daemon.kernel.rules.delete({ family: 4, priority, destination: destination! });
    }

    await daemon.parts.announcer.review();

    expect(await rules()).to.equal(3);
  });

  it('is taken up by the next run of the daemon as it was', async () => {
    await run('running');
    await moveToSandbox(daemon, endpointId);
    engine.start();
    engine.tell('kill', {}, { signal: '15' });
    expect(await tables()).to.deep.equal([7200]);
    await daemon.stop();

    daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

    expect(await tables()).to.deep.equal([7200]);
    expect(await rules()).to.equal(3);
  });

  describe('draining', () => {
    const status = () => daemon.parts.status.report().endpoints[0]?.announcement;

    for (const policy of ['always', 'running']) {
      it(`withdraws a container with ${policy}, tells its connections, and announces it again`, async () => {
        await run(policy);
        engine.start();
        expect(await tables()).to.deep.equal([254]);

        const report = await daemon.parts.announcements.drain('web', true);

        expect(report).to.deep.equal({
          isHostDraining: false,
          endpoints: [
            {
              endpointId,
              container: 'web',
              network: 'web-net',
              isAnnounced: false,
              connections: { '10.1.0.2': 0 },
            },
          ],
        });
        expect(await tables()).to.deep.equal([7200]);
        expect(await rules()).to.equal(3);
        expect(status()).to.deep.equal({ policy, isAnnounced: false, reason: 'draining' });

        expect((await daemon.parts.announcements.drain('web', false)).endpoints).to.deep.equal([]);
        expect(await tables()).to.deep.equal([254]);
        expect(await rules()).to.equal(0);
      });
    }

    it('counts the connections of all drained addresses in one question', async () => {
      const poolId = await createNetwork(daemon);
      await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
      await startContainer(daemon, { poolId, endpointId: dockerId('feed'), address: '10.1.0.3' });

      const { endpoints, isHostDraining } = await daemon.parts.announcements.drainHost(true);

      expect(isHostDraining).to.equal(true);
      expect(endpoints.map(({ container }) => container)).to.deep.equal(['web', undefined]);
      expect(daemon.connections.count.callCount).to.equal(1);
      expect(daemon.connections.count.firstCall.args).to.deep.equal([['10.1.0.2', '10.1.0.3']]);
    });

    it('covers containers that join a drained host, and stays over a restart', async () => {
      await daemon.parts.announcements.drainHost(true);
      await daemon.stop();
      daemon = await wiredDaemon({
        state: daemon.state,
        docker: engine.docker,
        engineEvents: (options) => engine.events(options),
      });

      await run('always');
      expect(daemon.parts.journal.entries().filter(({ kind }) => kind === 'announced')).to.deep.equal([]);
      expect(await tables()).to.deep.equal([7200]);
      expect(await rules()).to.equal(3);
      expect(status()?.reason).to.equal('draining');

      await daemon.parts.announcements.drainHost(false);
      expect(await tables()).to.deep.equal([254]);
      expect(await rules()).to.equal(0);
      expect(status()?.reason).to.equal('always');
    });

    it('of a container stays over a restart, and ends with every drain of the host', async () => {
      await run('always');
      await moveToSandbox(daemon, endpointId);
      await daemon.parts.announcements.drain('web', true);
      await daemon.stop();

      daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

      expect(await tables()).to.deep.equal([7200]);
      expect(await rules()).to.equal(3);
      expect(status()?.reason).to.equal('draining');
      await daemon.parts.announcements.drainHost(false);
      expect(await tables()).to.deep.equal([254]);
    });

    it('takes up a drain that the previous run noted and did not carry out', async () => {
      await run('always');
      await moveToSandbox(daemon, endpointId);
      await daemon.stop();
      await daemon.state.drain.put({ id: 'host' });

      daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });

      expect(await tables()).to.deep.equal([7200]);
    });

    it('leaves withdrawn what its policy does not announce', async () => {
      await run('healthy');
      engine.start({ health: 'unhealthy' });
      await daemon.parts.announcements.drain('web', true);

      await daemon.parts.announcements.drain('web', false);

      expect(await tables()).to.deep.equal([7200]);
      expect(status()?.reason).to.equal('not healthy');
    });

    it('refuses a container that is not known', async () => {
      const error: unknown = await daemon.parts.announcements.drain('wbe', true).catch((thrown: unknown) => thrown);

      expect(String(error)).to.contain('container wbe is not known to Docker; did you mean web (c0ffee000000)?');
    });
  });

  describe('routed.drain', () => {
    const soon = async (ms: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, ms));
    };

    for (const policy of ['always', 'running']) {
      it(`withdraws a container with ${policy} at its stop signal, and sends the other one when the time is over`, async () => {
        await run(policy, { 'routed.drain': '50ms', 'routed.drain-signal': 'quit' });
        engine.start({ stopSignal: 'SIGURG' });
        expect(await tables()).to.deep.equal([254]);

        engine.tell('kill', {}, { signal: '23' });

        expect(await tables()).to.deep.equal([7200]);
        expect(engine.killed).to.deep.equal([]);
        await soon(100);
        expect(engine.killed).to.deep.equal([[containerId, 'SIGQUIT']]);
        expect(daemon.connections.count.firstCall.args).to.deep.equal([['10.1.0.2']]);
      });
    }

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
      await run('always', { 'routed.drain': '50ms' });
      engine.start({ stopSignal: 'SIGURG' });
      engine.tell('kill', {}, { signal: '23' });
      await settled();

      engine.tell('die');

      await soon(100);
      expect(engine.killed).to.deep.equal([]);
      expect(daemon.warnings.callCount).to.equal(0);
    });
  });
});
