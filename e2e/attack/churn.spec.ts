import { expect } from 'chai';
import { askAdmin } from '../support/admin.ts';
import { createNetwork } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { containerLinks } from '../support/kernel.ts';
import { setStage } from '../support/stage.ts';
import { IS_FULL, report } from './support/count.ts';

const RUNS = 600;
const PLUGIN_KILLS = 23;
const ENGINE_KILLS = 12;

interface DaemonReport {
  readonly networks: readonly { readonly pools: readonly { readonly leased: number }[] }[];
  readonly endpoints: readonly unknown[];
}

// It waits for what a kill left half-done to be freed, minutes perhaps: nothing for every run.
if (ENGINES_IN_FULL.length > 0 && IS_FULL) {
  describe('attack: containers that come and go while daemons are killed', () => {
    const stage = setStage({ host: { engineFlags: ['--live-restore'] } });

    before(() => createNetwork(stage.host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64'));

    const status = async (): Promise<DaemonReport> =>
      (await askAdmin(stage.host, 'GET', '/v1/status')).body as DaemonReport;
    const leased = async (): Promise<number> =>
      (await status()).networks.flatMap(({ pools }) => pools).reduce((sum, pool) => sum + pool.leased, 0);

    it(`leave nothing: ${RUNS} runs, ${PLUGIN_KILLS} kills of the plugin, ${ENGINE_KILLS} of dockerd`, async function () {
      this.timeout(900_000);
      const before = await leased();
      const options = ['--network', 'name=n,driver-opt=routed.ingress=10.0.0.0/8'];
      let started = 0;
      let done = 0;
      const work = async (): Promise<void> => {
        while (started < RUNS) {
          started++;
          const { exitCode } = await stage.host.tryDocker('run', '--rm', ...options, 'alpine', 'true');
          if (exitCode === 0) done++;
        }
      };
      const killing = async (): Promise<void> => {
        for (let round = 0; round < Math.max(PLUGIN_KILLS, ENGINE_KILLS); round++) {
          const share = ((round + 1) * RUNS) / (PLUGIN_KILLS + 1);
          await eventually(() => expect(started).to.be.at.least(Math.min(share, RUNS)), 300_000);
          if (round < PLUGIN_KILLS) {
            await stage.plugin.stop('SIGKILL');
            stage.plugin = await stage.host.startPlugin();
          }
          if (round < ENGINE_KILLS) await stage.host.restartEngine('SIGKILL');
        }
      };

      await Promise.all([work(), work(), work(), work(), killing()]);

      // What a kill left half-done is Docker's to remove.
      const left = await stage.host.docker('ps', '--all', '--quiet');
      if (left !== '') await stage.host.docker('rm', '--force', ...left.split('\n'));
      await eventually(async () => {
        expect((await containerLinks(stage.host)).map(({ ifname }) => ifname)).to.deep.equal([]);
        expect((await status()).endpoints).to.deep.equal([]);
        expect(await leased()).to.equal(before);
      }, 200_000);
      expect((await stage.host.exec(['nft', 'list', 'ruleset'])).stdout).to.not.match(/vethr[0-9a-f]{10}/);
      report(
        `churn: ${RUNS} runs (${done} succeeded), ${PLUGIN_KILLS} kills of the plugin, ${ENGINE_KILLS} of dockerd, 0 left`,
      );
      expect(done, 'control: containers ran').to.be.above(RUNS / 4);
    });
  });
}
