import { expect } from 'chai';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS } from './support/engines.ts';
import { expectNoContainers } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const preload = new URL('../packages/daemon/test/support/crash/preload/index.mjs', import.meta.url).href;
const address = '10.1.0.2';
const options = [
  'routed.addresses=10.1.0.12',
  'routed.ingress=any',
  'routed.egress=10.9.0.0/16 api.example.com:443',
  'routed.rate-in=1gbit',
  'routed.rate-out=1gbit',
];
const rich = [
  '--network',
  [`name=n`, `ip=${address}`, ...options.map((each) => `driver-opt=${each}`)].map((each) => `"${each}"`).join(),
];

for (const engine of ENGINES_AT_THE_ENDS) {
  // Every step is killed at in packages/daemon/test/kernel/crash.spec.ts; here with a Docker that is not played.
  describe(`a plugin that dies while a container starts (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: 'none' });

    before(async () => {
      const plugin = await stage.host.startPlugin();
      stage.plugin = plugin;
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await plugin.stop();
    });

    it('fails that start, leaves nothing, and starts the next one', async () => {
      const { host } = stage;
      const env = { NODE_OPTIONS: `--import=${preload}`, CRASH_AFTER: 'netlink: new route' };
      const dying = await host.startPlugin({ env });

      const run = host.tryDocker('run', '--rm', ...rich, 'alpine', 'true');
      expect(await dying.exited).to.equal(128 + 9);
      expect(await dying.log()).to.contain('killed after netlink: new route');
      stage.plugin = await host.startPlugin();

      const { exitCode, stderr } = await run;
      expect(exitCode).to.equal(125);
      expect(stderr).to.contain('NetworkDriver.Join: empty request body (connection was lost; retry the command)');
      await expectNoContainers(host);

      await runIdle(host, 'next', ...rich);
      expect((await ping(host, address)).exitCode).to.equal(0);
      expect((await ping(host, '10.1.0.12')).exitCode).to.equal(0);
      await host.docker('rm', '--force', 'next');
      await expectNoContainers(host);
    });
  });
}
