import { expect } from 'chai';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { expectNoContainers } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const address = '10.1.0.2';

for (const engine of ENGINES_IN_FULL) {
  describe(`a plugin that has lost its state (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);
      await stage.plugin.stop('SIGKILL');
      await stage.host.exec(['sh', '-c', 'rm -rf /var/lib/routed/*']);
      stage.plugin = await stage.host.startPlugin();
    });

    it('lets a running container be', async () => {
      expect((await ping(stage.host, address)).exitCode).to.equal(0);
    });

    it('says so to who wants a container on the old network, and what to do', async () => {
      const { exitCode, stderr } = await stage.host.tryDocker('run', '--rm', '--network', 'n', 'alpine', 'true');

      expect(exitCode).to.equal(125);
      expect(stderr).to.match(/network [0-9a-f]{12} is not known to routed .*docker network rm/);
    });

    it('takes the container away when Docker does', async () => {
      await stage.host.docker('rm', '--force', 'web');

      await expectNoContainers(stage.host);
    });

    it('works again after what it said', async () => {
      await stage.host.docker('network', 'rm', 'n');
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);

      expect((await ping(stage.host, address)).exitCode).to.equal(0);
    });
  });
}
