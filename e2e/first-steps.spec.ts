import { expect } from 'chai';
import { openPluginClient } from '@routed/plugin-protocol';
import { addressOf, idle, ping } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerRoutes, expectNoContainers, routeTo } from './support/kernel.ts';
import { start, type, typeOnTerminal } from './support/shell.ts';
import { setStage } from './support/stage.ts';

for (const engine of ENGINES) {
  describe(`first steps with the commands of the Go plugin (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: 'none' });

    it('starts the plugin, which answers under the two names', async () => {
      const { host } = stage;

      stage.plugin = await start(host, 'routed-plugin --gateway 10.200.0.1 --mtu 1500 --debug', 'plugin');

      for (const name of ['net-routed', 'ipam-routed']) {
        const client = openPluginClient({ socketPath: host.outsidePath(`/run/docker/plugins/${name}.sock`) });
        await eventually(() => client.call('Plugin.Activate'), 15_000);
        client.close();
      }
    });

    it('creates a network', async () => {
      const line =
        'docker network create --internal --driver=net-routed --ipam-driver=ipam-routed --subnet 10.1.0.0/16 mine';

      const result = await type(stage.host, line);

      expect(result).to.deep.include({ exitCode: 0, stderr: '' });
    });

    it('gives a shell in a container with the address asked for', async () => {
      const line = 'docker run -ti --net=mine --ip 10.1.0.2 alpine sh';

      const { stdout, exitCode } = await typeOnTerminal(stage.host, line, 'ip address; ip route; exit\n');

      expect(stdout).to.match(/inet 10\.1\.0\.2\/32 /);
      expect(stdout).to.match(/default via 10\.200\.0\.1 dev eth0/);
      expect(exitCode).to.equal(0);
    });

    it('leaves neither link nor route when the shell ends', async () => {
      await expectNoContainers(stage.host);
    });

    it('reaches a container in the background by its address', async () => {
      const { host } = stage;

      const line = `docker run -d --net=mine --ip 10.1.0.2 alpine sleep 1000`;
      expect(await type(host, line)).to.deep.include({ exitCode: 0, stderr: '' });

      expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);
    });
  });

  describe(`first steps with the recommended commands (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: 'none' });

    it('starts the plugin without any option', async () => {
      stage.plugin = await start(stage.host, 'routed-plugin', 'plugin');

      const client = openPluginClient({ socketPath: stage.host.outsidePath('/run/docker/plugins/routed.sock') });
      await eventually(() => client.call('Plugin.Activate'), 15_000);
      client.close();
    });

    it('creates a network under one name for both roles', async () => {
      const line = 'docker network create -d routed --ipam-driver routed --subnet 10.2.0.0/16 web';

      expect(await type(stage.host, line)).to.deep.include({ exitCode: 0, stderr: '' });
    });

    it('chooses an address of the network, routes it and answers to it', async () => {
      const { host } = stage;

      await host.docker('run', '-d', '--name', 'first', '--network', 'web', ...idle);
      await host.docker('run', '-d', '--name', 'second', '--network', 'web', ...idle);

      const addresses = [await addressOf(host, 'first', 'web'), await addressOf(host, 'second', 'web')];
      for (const address of addresses) expect(address).to.match(/^10\.2\.\d+\.\d+$/);
      expect(new Set(addresses).size).to.equal(2);
      expect((await containerRoutes(host)).map(({ dst }) => dst)).to.have.members(addresses);
      for (const address of addresses) expect((await ping(host, address)).exitCode).to.equal(0);
    });

    it('finds the container by the route to its address alone', async () => {
      const { host } = stage;
      const address = await addressOf(host, 'first', 'web');

      expect((await routeTo(host, address))?.dev).to.match(/^vethr[0-9a-f]{10}$/);
    });
  });
}
