import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { askAdmin } from './support/admin.ts';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { IS_FULL } from './attack/support/count.ts';
import { ENGINES_AT_THE_ENDS, ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerRoutes } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const address = '10.1.0.2';
const address6 = 'fd00:1::2';
/** A second on a machine that has nothing else to do, where two are promised: Docker is asked twice, half a second apart. */
const freedWithinMs = 5_000;
const withdrawnWithinMs = 10_000;

async function routes(host: Host): Promise<readonly string[]> {
  return (await containerRoutes(host)).map(({ dst }) => dst);
}

/** What the daemon's records hold: networks, endpoints and leased addresses, as numbers. */
async function records(host: Host): Promise<{ readonly networks: number; readonly endpoints: number; leased: number }> {
  const { body } = await askAdmin(host, 'GET', '/v1/status');
  const { networks, endpoints } = body as {
    readonly networks: readonly { readonly pools: readonly { readonly leased: number }[] }[];
    readonly endpoints: readonly unknown[];
  };
  const leased = networks.flatMap(({ pools }) => pools.map((pool) => pool.leased));
  return { networks: networks.length, endpoints: endpoints.length, leased: leased.reduce((sum, n) => sum + n, 0) };
}

// Two minutes each: Docker repeats its calls until it gives up.
for (const engine of IS_FULL ? ENGINES_AT_THE_ENDS : ENGINES_IN_FULL) {
  describe(`what Docker removes while the plugin is away (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    let startedAtMs = 0;
    const sinceStart = (): number => Math.round(performance.now() - startedAtMs);

    before(async function () {
      this.timeout(300_000);
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(host, 'gone', '10.2.0.0/16');
      await runIdle(host, 'web', '--network', 'n', '--ip', address, '--ip6', address6);
      await runIdle(host, 'stays', '--network', 'n', '--ip', '10.1.0.3');
      await stage.plugin.stop();
      await host.tryDocker('rm', '--force', 'web');
      await host.tryDocker('network', 'rm', 'gone');
      expect(await host.docker('ps', '--all', '--format', '{{.Names}}')).to.equal('stays');
      expect(await host.docker('network', 'ls', '--format', '{{.Name}}')).not.to.contain('gone');
      stage.plugin = await host.startPlugin();
      startedAtMs = performance.now();
    });

    it('is withdrawn at once', async () => {
      await eventually(async () => {
        expect(await routes(stage.host))
          .not.to.include(address)
          .and.not.to.include(address6);
      }, 180_000);
      const tookMs = sinceStart();
      console.log(`      withdrawn ${tookMs} ms after the plugin answers`);
      expect(tookMs).to.be.below(withdrawnWithinMs);
    });

    it('is free as soon as Docker has answered: addresses, networks and their prefixes', async () => {
      await eventually(async () => {
        const { networks, endpoints } = await records(stage.host);
        expect({ networks, endpoints }).to.deep.equal({ networks: 1, endpoints: 1 });
        expect((await records(stage.host)).leased).to.equal(2);
      }, 400_000);
      const tookMs = sinceStart();
      console.log(`      free ${tookMs} ms after the plugin answers`);
      expect(tookMs).to.be.below(freedWithinMs);
      await createNetwork(stage.host, 'next', '10.2.0.0/16');
      await runIdle(stage.host, 'heir', '--network', 'n', '--ip', address, '--ip6', address6);
      expect((await ping(stage.host, address)).exitCode).to.equal(0);
    });

    it('takes nothing from a container that runs', async () => {
      expect(await routes(stage.host)).to.include('10.1.0.3');
      expect((await ping(stage.host, '10.1.0.3')).exitCode).to.equal(0);
    });
  });
}
