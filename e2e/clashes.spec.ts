import { expect } from 'chai';
import type { CommandResult } from '@routed/lab';
import { openPluginClient, type PluginClient } from '@routed/plugin-protocol';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { containerRoutes, kernelState } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

for (const engine of ENGINES_IN_FULL) {
  describe(`an address that somebody else has (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16');
      await createNetwork(host, 'small', '10.2.0.0/29');
      await runIdle(host, 'web', '--network', 'n', '--ip', '10.1.0.2');
      await host.exec(['ip', 'address', 'add', '10.1.0.3/32', 'dev', 'eth1']);
      await host.exec(['ip', 'route', 'add', '10.1.0.4/32', 'via', '10.112.11.77', 'proto', 'static']);
    });

    const holders = [
      { who: 'a container', address: '10.1.0.2', says: /cannot lease 10\.1\.0\.2 .*: in use by endpoint [0-9a-f]{12}/ },
      { who: 'the host itself', address: '10.1.0.3', says: /10\.1\.0\.3 is in use by this host itself/ },
      { who: 'another host', address: '10.1.0.4', says: /10\.1\.0\.4 is in use by another host .*10\.112\.11\.77/ },
    ];

    for (const { who, address, says } of holders) {
      it(`is refused with a message that names ${who}`, async () => {
        const before = await kernelState(stage.host);

        const run = ['run', '--rm', '--network', 'n', '--ip', address, 'alpine', 'true'];
        const { exitCode, stderr } = await stage.host.tryDocker(...run);

        expect(exitCode).to.equal(125);
        expect(stderr).to.match(says);
        expect(await kernelState(stage.host)).to.deep.equal(before);
      });
    }

    it('is refused as the gateway, on the command line', async () => {
      const { host } = stage;
      await stage.plugin.stop();

      const { exitCode, stderr } = await type(host, 'timeout 20 routed-plugin --gateway 10.1.0.2');
      stage.plugin = await host.startPlugin();

      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/gateway 10\.1\.0\.2 is the address of a container .*vethr[0-9a-f]{10}.*--gateway/);
      expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);
    });

    it('is left out when addresses are chosen', async () => {
      for (const last of [1, 2, 3, 4, 6]) {
        await stage.host.exec(['ip', 'route', 'add', `10.2.0.${last}/32`, 'via', '10.112.11.77', 'proto', 'static']);
      }

      await runIdle(stage.host, 'chosen', '--network', 'small');

      expect((await containerRoutes(stage.host)).map(({ dst }) => dst)).to.have.members(['10.1.0.2', '10.2.0.5']);
    });
  });

  describe(`a subnet that several ask for at once (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const names = ['a', 'b', 'c', 'd'];
    const create = (name: string, host = stage.host): Promise<CommandResult> => {
      const subnet = ['--subnet', '10.5.0.0/16', '--gateway', '10.5.0.1'];
      return host.tryDocker('network', 'create', '-d', 'routed', '--ipam-driver', 'routed', ...subnet, name);
    };

    it('is that of one of them, and of nobody else until that is removed', async () => {
      for (let round = 0; round < 4; round++) {
        const outcomes = await Promise.all(names.map((name) => create(name)));
        const made = names.filter((_, index) => outcomes[index]?.exitCode === 0);

        expect(made, `made in round ${round}`).to.have.lengthOf(1);
        for (const { exitCode, stderr } of outcomes) if (exitCode !== 0) expect(stderr).to.match(/in use by network/);
        expect((await create('late')).stderr).to.match(/in use by network [0-9a-f]{12}/);
        await stage.host.docker('network', 'rm', ...made);
      }
    });
  });

  describe(`a link that has the name of a container's link (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const endpoint = { EndpointID: 'ab'.repeat(32), NetworkID: '' };
    let client: PluginClient;

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16');
      endpoint.NetworkID = await host.docker('network', 'inspect', '--format', '{{.Id}}', 'n');
      client = openPluginClient({ socketPath: host.outsidePath('/run/docker/plugins/routed.sock') });
    });

    after(() => client.close());

    for (const name of ['vethrababababab', 'vethcababababab']) {
      it(`stays, and the container is refused: ${name}`, async () => {
        const { host } = stage;
        await host.exec(['ip', 'link', 'add', name, 'type', 'bridge']);
        const before = await kernelState(host);

        await client.call('NetworkDriver.CreateEndpoint', {
          ...endpoint,
          Interface: { Address: '10.1.0.9/32', AddressIPv6: '', MacAddress: '' },
          Options: {},
        });
        const joining = client.call('NetworkDriver.Join', { ...endpoint, SandboxKey: '/run/none', Options: {} });
        const refusal = await joining.then(
          () => expect.fail('Join went through'),
          (error: unknown) => (error as Error).message,
        );
        await client.call('NetworkDriver.DeleteEndpoint', endpoint);

        expect(refusal).to.match(new RegExp(`link ${name} already exists .*ip link delete ${name}`));
        expect(await kernelState(host)).to.deep.equal(before);
        await host.exec(['ip', 'link', 'delete', name]);
      });
    }
  });
}
