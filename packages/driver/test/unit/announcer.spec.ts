import { linkNames } from '@routed/datapath';
import { expect } from 'chai';
import sinon from 'sinon';
import { endpointId, NETWORK, OneContainer } from './support/one-container.ts';
import {
  createNetwork,
  dockerId,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from './support/wired.ts';

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

  it('follows another policy as soon as an operator says so, from what Docker says of the container', async () => {
    await run('always');
    engine.start({ health: 'unhealthy' });
    expect(await tables()).to.deep.equal([254]);

    const [status] = await daemon.parts.announcements.follow('web', 'healthy');
    expect(status).to.include({ policy: 'healthy', isAnnounced: false, reason: 'not healthy' });
    expect(await tables()).to.deep.equal([7200]);
    engine.tell('health_status', { health: 'healthy' }, { detail: 'healthy' });
    expect(await tables()).to.deep.equal([254]);

    expect(await daemon.parts.announcements.follow('web', 'manual')).to.have.nested.property('[0].isAnnounced', true);
    await daemon.parts.announcements.set('web', false);
    expect(await tables()).to.deep.equal([7200]);
    await daemon.parts.announcements.follow('web', 'always');
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
    const [problem] = daemon.parts.status.report().problems;
    expect(problem).to.match(/^endpoint [0-9a-f]{12} \(web on web-net\): .*has no HEALTHCHECK/);
  });

  it('leaves no rules when an event announced the container before its Join was taken up', async () => {
    const other = { id: dockerId('0e'), subnet: '10.2.0.0/16' };
    const poolId = await createNetwork(daemon, { ...other, driverOptions: { 'routed.announce': 'running' } });
    await startContainer(daemon, { poolId, networkId: other.id, endpointId: dockerId('feed') });
    await settled();
    let answer = (): void => undefined;
    engine.answering = new Promise((resolve) => (answer = resolve));
    engine.start();
    await settled();
    await run('running');

    answer();

    expect(await tables()).to.deep.equal([254]);
    // Those of the other network.
    expect(await rules()).to.equal(3);
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

  it('refuses no drain because a container has just ended', async () => {
    await run('always');
    await daemon.kernel.links.delete({ name: linkNames(endpointId).host });

    await daemon.parts.announcements.drainHost(true);
    await daemon.parts.announcements.drainHost(false);

    expect(await tables()).to.deep.equal([]);
    expect(daemon.parts.status.report().problems).to.deep.equal([]);
  });

  describe('a change that the kernel refuses', () => {
    const refuse = (): sinon.SinonStub =>
      sinon.stub(daemon.kernel.rules, 'add').rejects(new Error('rule.add: File exists (EEXIST)'));
    afterEach(() => sinon.restore());

    it('is reported to whoever asked for it, shown as a problem, and tried again', async () => {
      await run('manual');
      engine.start();
      await daemon.parts.announcements.set('web', true);
      const refusing = refuse();

      const error: unknown = await daemon.parts.announcements.set('web', false).catch((thrown: unknown) => thrown);

      expect(error).to.have.property('code', 'ANNOUNCEMENT_REFUSED');
      expect(String(error)).to.contain(
        'could not be changed: rule.add: File exists (EEXIST); routed-plugin tries again',
      );
      expect(daemon.parts.status.report().problems.join()).to.contain('(EEXIST)');
      expect(await tables()).to.deep.equal([254]);

      refusing.restore();
      await new Promise((resolve) => setTimeout(resolve, 800));
      expect(await tables()).to.deep.equal([7200]);
      expect(await rules()).to.equal(3);
      expect(daemon.parts.status.report().problems).to.deep.equal([]);
    });

    it('is reported by drain, and by a drain of the host, which withdraws the other containers', async () => {
      await run('always');
      const refusing = refuse();
      for (const drain of [
        () => daemon.parts.announcements.drain('web', true),
        () => daemon.parts.announcements.drainHost(true),
      ]) {
        const error: unknown = await drain().catch((thrown: unknown) => thrown);
        expect(error).to.have.property('code', 'ANNOUNCEMENT_REFUSED');
      }

      refusing.restore();
      await daemon.parts.announcements.drainHost(true);

      expect(await tables()).to.deep.equal([7200]);
    });

    it('is tried again for a container that starts', async function () {
      this.timeout(10_000);
      const refusing = refuse();
      await run('running');
      await settled();
      expect(await rules()).to.equal(0);
      refusing.restore();

      // Refused at the start and each time that it was looked at since.
      for (let turn = 0; turn < 40 && (await rules()) === 0; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }

      expect(await rules()).to.equal(3);
    });
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
        expect(status()).to.include({ policy, isAnnounced: false, reason: 'draining' });

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
});
