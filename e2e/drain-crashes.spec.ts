import { expect } from 'chai';
import type { Host, LabProcess } from '@routed/lab';
import { createNetwork, endpointIdOf, inspect } from './support/containers.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { IS_FULL } from './attack/support/count.ts';
import { ENGINES_AT_THE_ENDS, ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const preload = new URL('../packages/daemon/test/support/crash/preload/index.mjs', import.meta.url).href;
const address = '10.1.0.2';
/** Holds what is written on each connection. Ends at SIGTERM, with 0. */
const server = ['alpine', 'sh', '-c', 'trap "exit 0" TERM; nc -ll -p 7 -e cat & wait'];

/** The steps of a withdrawal, from the note that it is wanted on; `ID` is the endpoint's. */
const STEPS = ['store: batch of put !endpoints!ID', 'netlink: new rule', 'netlink: new route', 'netlink: delete route'];

for (const engine of IS_FULL ? ENGINES_AT_THE_ENDS : ENGINES_IN_FULL) {
  describe(`a drain that its plugin does not survive (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, engineFlags: ['--live-restore'] } });
    let far: Host;
    let client: LabProcess;

    before(async () => {
      far = await stage.lab.addHost({ engine: 'none' });
      const there = stage.host.address?.split('/')[0] ?? '';
      await far.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', there]);
      await createNetwork(stage.host, 'n', '10.1.0.0/16', '-o', 'routed.drain=40s');
    });
    beforeEach(async () => {
      const signals = ['--stop-signal', 'SIGURG', '--stop-timeout', '100'];
      await stage.host.docker('run', '-d', '--name', 'web', ...signals, '--network', 'n', '--ip', address, ...server);
      const open = `for (1 .. 50) { last if $s = IO::Socket::INET->new("${address}:7"); select undef, undef, undef, 0.1 } $s or die; sleep 600`;
      client = await far.spawn(['perl', '-MIO::Socket::INET', '-e', open], { name: 'client' });
      const established = ['ss', '-Htn', 'state', 'established', 'dst', address];
      await eventually(async () => expect((await far.exec(established)).stdout).not.to.equal(''), 10_000);
    });
    afterEach(async () => {
      await client.stop();
      await stage.host.docker('rm', '--force', 'web');
    });

    const expectAnnounced = async (isAnnounced: boolean): Promise<void> => {
      await eventually(async () => {
        const { stdout } = await stage.host.exec(['ip', '-4', 'route', 'show', `${address}/32`]);
        expect(stdout !== '', 'announced').to.equal(isAnnounced);
      }, 5_000);
    };
    const isRunning = (): Promise<string> => inspect(stage.host, 'web', '{{.State.Running}}');
    /** Has the plugin die at a step of what `begin` asks for, and starts another one. */
    const dieAt = async (step: string, begin: () => Promise<unknown>): Promise<void> => {
      await stage.plugin.stop('SIGKILL');
      const CRASH_AFTER = step.replace('ID', await endpointIdOf(stage.host, 'web', 'n'));
      const dying = await stage.host.startPlugin({ env: { NODE_OPTIONS: `--import=${preload}`, CRASH_AFTER } });
      await begin();
      expect(await dying.exited).to.equal(128 + 9);
      expect(await dying.log()).to.contain(`killed after`);
      stage.plugin = await stage.host.startPlugin();
    };

    for (const [index, step] of STEPS.entries()) {
      // In turns, and with ROUTED_ATTACK=all both at each step.
      const isOfDrain = index % 2 === 0;
      if (IS_FULL || isOfDrain)
        it(`routed-plugin drain, killed after "${step}": it is withdrawn, until undrain`, async () => {
          await dieAt(step, async () =>
            expect((await type(stage.host, 'routed-plugin drain web')).exitCode).not.to.equal(0),
          );

          await expectAnnounced(false);
          expect((await type(stage.host, 'routed-plugin drain --status')).stdout).to.match(/web .* 1 +withdrawn/);
          expect((await type(stage.host, 'routed-plugin undrain web')).exitCode).to.equal(0);
          await expectAnnounced(true);
        });

      if (IS_FULL || !isOfDrain)
        it(`docker stop, killed after "${step}": it is withdrawn, and ends after its last connection`, async () => {
          let stopped: Promise<string> | undefined;
          await dieAt(step, () => {
            stopped = stage.host.docker('stop', 'web');
            return Promise.resolve();
          });

          await expectAnnounced(false);
          expect(await isRunning()).to.equal('true');
          await client.stop();
          await stopped;
          expect(await inspect(stage.host, 'web', '{{.State.ExitCode}}'), 'ended by SIGTERM').to.equal('0');
        });
    }

    it('docker stop goes on while plugin and Docker are killed in the middle', async () => {
      const stopped = stage.host.tryDocker('stop', 'web');
      await expectAnnounced(false);
      await stage.plugin.stop('SIGKILL');
      stage.plugin = await stage.host.startPlugin();
      await stage.host.restartEngine('SIGKILL');
      await stopped;
      await sleep(3_000);
      await expectAnnounced(false);
      expect(await isRunning()).to.equal('true');

      await client.stop();

      await eventually(async () => expect(await isRunning()).to.equal('false'), 15_000);
      expect(await inspect(stage.host, 'web', '{{.State.ExitCode}}'), 'ended by SIGTERM').to.equal('0');
    });

    it('docker stop that comes while the plugin is away: it is drained when that is back', async () => {
      await stage.plugin.stop('SIGKILL');
      const stopped = stage.host.docker('stop', 'web');
      await sleep(2_000);
      stage.plugin = await stage.host.startPlugin();

      await expectAnnounced(false);
      expect(await isRunning()).to.equal('true');
      await client.stop();
      await stopped;
      expect(await inspect(stage.host, 'web', '{{.State.ExitCode}}'), 'ended by SIGTERM').to.equal('0');
    });

    it('routed-plugin drain --wait goes on while plugin and Docker are killed in the middle', async () => {
      const waiting = type(stage.host, 'routed-plugin drain web --wait 60s');
      await expectAnnounced(false);
      // It has its first answer.
      await sleep(1_000);
      await stage.host.stopEngine('SIGKILL');
      await stage.plugin.stop('SIGKILL');
      await sleep(2_000);
      stage.plugin = await stage.host.startPlugin();
      await expectAnnounced(false);
      await client.stop();

      const { exitCode, stdout } = await waiting;
      await stage.host.startEngine();
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/10\.1\.0\.2 +0 +withdrawn/);
    });
  });
}
