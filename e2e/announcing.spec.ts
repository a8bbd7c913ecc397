import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { enter } from './support/addresses.ts';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

/** Healthy as long as its namespace has this address: the health checks of every engine in the lab run in that namespace. */
const HEALTHY = '127.0.0.77';
const healthCheck = ['--health-cmd', `ip address show dev lo | grep -q ${HEALTHY}`];
const healthTimes = ['--health-interval', '1s', '--health-retries', '1', '--health-timeout', '5s'];

/** A container that takes its time to end after SIGTERM. */
const slowToEnd = ['alpine', 'sh', '-c', 'trap "sleep 3; exit 0" TERM; while :; do sleep 0.2; done'];

for (const engine of NEWEST_OR_EACH) {
  describe(`routed.announce (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, engineFlags: ['--live-restore'] } });
    let far: Host;
    const address = '10.1.0.2';

    before(async () => {
      far = await stage.lab.addHost({ engine: 'none' });
      const there = stage.host.address?.split('/')[0] ?? '';
      await far.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', there]);
    });
    afterEach(async () => {
      await stage.host.docker('rm', '--force', 'web');
      await stage.host.docker('network', 'rm', 'n');
    });

    const create = (policy: string, ...more: readonly string[]): Promise<void> =>
      createNetwork(stage.host, 'n', '10.1.0.0/16', '-o', `routed.announce=${policy}`, ...more);
    const run = (...args: readonly string[]): Promise<void> =>
      runIdle(stage.host, 'web', '--network', 'n', '--ip', address, ...args);
    /** What routers redistribute: routes of the main table. */
    const isAnnounced = async (): Promise<boolean> =>
      (await stage.host.exec(['ip', '-4', 'route', 'show', `${address}/32`])).stdout !== '';
    const isReached = async (): Promise<boolean> => (await ping(far, address)).exitCode === 0;
    const expectSoon = async (announced: boolean, withinMs = 2000): Promise<void> => {
      await eventually(async () => expect(await isAnnounced(), 'announced').to.equal(announced), withinMs);
    };
    const rules = async (): Promise<string> => (await stage.host.exec(['ip', '-4', 'rule'])).stdout;

    it('running: with the start of the container, and withdrawn at its stop signal, while it still serves', async () => {
      const { host } = stage;
      await create('running');
      await host.docker('run', '--detach', '--name', 'web', '--network', 'n', '--ip', address, ...slowToEnd);
      await expectSoon(true);
      await eventually(async () => expect(await rules()).not.to.contain('7200'), 2000);

      const stopped = host.docker('stop', 'web');
      await expectSoon(false);
      expect(await isReached(), 'reached while it ends').to.equal(true);
      expect((await ping(host, address)).exitCode, 'reached from its own host').to.equal(0);
      await stopped;

      expect(await isReached(), 'reached when it has ended').to.equal(false);
      await eventually(async () => expect(await rules()).not.to.contain('7200'), 2000);
      await host.docker('start', 'web');
      await expectSoon(true);
    });

    it('healthy: while the health check says so, reached from everywhere all the time', async () => {
      const { host } = stage;
      await create('healthy');
      await run(...healthCheck, ...healthTimes);
      expect(await isAnnounced()).to.equal(false);
      expect(await isReached()).to.equal(true);

      await enter(host, 'web', 'ip', 'address', 'add', `${HEALTHY}/8`, 'dev', 'lo');
      await expectSoon(true, 10_000);
      await enter(host, 'web', 'ip', 'address', 'delete', `${HEALTHY}/8`, 'dev', 'lo');
      await expectSoon(false, 10_000);

      expect(await isReached()).to.equal(true);
      await host.exec(['ip', '-4', 'route', 'flush', 'table', '7200']);
      await eventually(async () => expect(await isReached(), 'reached again').to.equal(true), 5000);
      expect(await isAnnounced()).to.equal(false);
      expect((await type(host, 'routed-plugin status')).stdout).to.contain('joined, not announced: not healthy');
    });

    it('stays as it is while plugin or Docker are killed, and follows what happened meanwhile', async () => {
      const { host } = stage;
      await create('running');
      await run();
      await expectSoon(true);

      await stage.plugin.stop('SIGKILL');
      await host.docker('pause', 'web');
      expect(await isAnnounced()).to.equal(true);
      stage.plugin = await host.startPlugin();
      await expectSoon(false, 5000);
      await host.docker('unpause', 'web');
      await expectSoon(true);
      await host.restartEngine();
      await expectSoon(true);
      await host.docker('pause', 'web');
      await expectSoon(false, 5000);
      await host.docker('unpause', 'web');
    });

    it('manual: by routed-plugin announce and withdraw', async () => {
      const { host } = stage;
      await create('manual');
      await run();
      expect(await isAnnounced()).to.equal(false);

      const announced = await type(host, 'routed-plugin announce web');
      expect(announced).to.include({ exitCode: 0, stderr: '' });
      expect(announced.stdout).to.match(/n +10\.1\.0\.2 +yes +announced by operator/);
      expect(await isAnnounced()).to.equal(true);
      expect((await type(host, 'routed-plugin withdraw web --json')).stdout).to.contain('"isAnnounced": false');
      expect(await isAnnounced()).to.equal(false);
      expect(await isReached()).to.equal(true);
      await type(host, 'routed-plugin announce web --policy running');
      expect(await isAnnounced(), 'by another policy').to.equal(true);
    });

    it('gets back rules and marks that others delete, at once', async () => {
      const { host } = stage;
      await create('manual');
      await run();
      const marks = async (): Promise<string> =>
        (await host.exec(['nft', 'list', 'table', 'inet', 'routed_marks'])).stdout;
      await eventually(marks, 5000);
      const intact = { rules: await rules(), marks: await marks() };
      const expectIntact = async (): Promise<void> => {
        const from = performance.now();
        await eventually(
          async () => expect({ rules: await rules(), marks: await marks() }).to.deep.equal(intact),
          3000,
        );
        console.log(`      back in ${Math.round(performance.now() - from)} ms`);
      };

      await host.exec(['ip', 'rule', 'delete', 'priority', '32702']);
      await expectIntact();
      await host.exec(['nft', 'delete', 'table', 'inet', 'routed_marks']);
      await expectIntact();
      await host.exec(['nft', 'flush', 'set', 'inet', 'routed_marks', 'prefixes4']);
      await expectIntact();
    });

    it('refuses what it does not know, by the name of the option', async () => {
      const { host } = stage;
      const refusal = async (...options: readonly string[]): Promise<string> => {
        const made = host.tryDocker('network', 'create', '-d', 'routed', '--ipam-driver', 'routed', ...options, 'bad');
        return (await made).stderr;
      };
      expect(await refusal('-o', 'routed.announce=sometimes', '--subnet', '10.2.0.0/16')).to.contain(
        'driver option routed.announce=sometimes: expected always, running, healthy or manual',
      );
      expect(await refusal('-o', 'routed.announce-delay=2h', '--subnet', '10.2.0.0/16')).to.contain(
        'driver option routed.announce-delay=2h: expected a duration such as 500ms, 5s or 2m, up to 1h',
      );
      await create('healthy');
      await run(...healthCheck, ...healthTimes);
      const { stderr, exitCode } = await type(host, 'routed-plugin announce web');
      expect(exitCode).to.equal(64);
      expect(stderr).to.contain('container web has routed.announce=healthy, which decides by itself');
    });
  });
}
