import { expect } from 'chai';
import type { DaemonReport } from '@routed/driver';
import { addressOf, createNetwork, endpointIdOf, inside, inspect, ping, runIdle } from './support/containers.ts';
import { askAdmin } from './support/admin.ts';
import { ENGINES } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerLinks, containerRoutes, expectNoContainers, LINKS_GONE_MS } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const address = '10.1.0.7';

for (const engine of ENGINES) {
  describe(`the life of a container (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(() => createNetwork(stage.host, 'n', '10.1.0.0/16'));

    beforeEach(() => runIdle(stage.host, 'web', '--network', 'n', '--ip', address));

    afterEach(() => stage.host.docker('rm', '--force', 'web'));

    /** One link and one route, those of the endpoint that the container has now, and it answers. */
    async function expectRunning(): Promise<void> {
      const endpointId = await endpointIdOf(stage.host, 'web', 'n');
      const dev = `vethr${endpointId.slice(0, 10)}`;
      await eventually(async () => {
        expect((await containerLinks(stage.host)).map(({ ifname }) => ifname)).to.deep.equal([dev]);
      }, LINKS_GONE_MS);
      const routes = await containerRoutes(stage.host);
      expect(routes.map(({ dst, dev }) => ({ dst, dev }))).to.deep.equal([{ dst: address, dev }]);
      expect((await ping(stage.host, address)).exitCode).to.equal(0);
    }

    it('goes on after "docker restart", on a new endpoint', async () => {
      const before = await endpointIdOf(stage.host, 'web', 'n');

      await stage.host.docker('restart', 'web');

      expect(await endpointIdOf(stage.host, 'web', 'n')).not.to.equal(before);
      await expectRunning();
    });

    it('leaves the host at "docker stop" and comes back at "docker start"', async () => {
      await stage.host.docker('stop', 'web');

      await expectNoContainers(stage.host);
      expect((await ping(stage.host, address)).exitCode).not.to.equal(0);

      await stage.host.docker('start', 'web');

      await expectRunning();
    });

    it('leaves the host at "docker kill"', async () => {
      await stage.host.docker('kill', 'web');

      await stage.host.docker('wait', 'web');
      await expectNoContainers(stage.host);
    });

    it('leaves the host when it ends by itself', async () => {
      await stage.host.docker('run', '--network', 'n', '--ip', '10.1.0.8', '--name', 'once', '--rm', 'alpine', 'true');

      await expectRunning();
    });

    it('gives its address back at "docker rm -f", for the next container at once', async () => {
      await stage.host.docker('rm', '--force', 'web');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);

      await expectRunning();
    });

    it('gives its address back at "docker stop", so that another may take it', async () => {
      await stage.host.docker('stop', 'web');
      await stage.host.docker('run', '--rm', '--network', 'n', '--ip', address, 'alpine', 'true');

      await expectNoContainers(stage.host);
    });
  });

  describe(`a container with a MAC address of the user's (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    it('has it inside, shows it, and answers', async () => {
      const mac = '02:aa:bb:cc:dd:ee';
      await createNetwork(stage.host, 'n', '10.1.0.0/16');

      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address, '--mac-address', mac);

      expect(await inside(stage.host, 'web', 'ip', '-o', 'link', 'show', 'eth0')).to.contain(` link/ether ${mac} `);
      expect(await inspect(stage.host, 'web', '{{.NetworkSettings.Networks.n.MacAddress}}')).to.equal(mac);
      expect((await ping(stage.host, address)).exitCode).to.equal(0);
    });
  });

  describe(`a container whose address is chosen (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    /** The address of each container that stays its own. */
    const own = new Map<string, string>();

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      for (const name of ['web', 'db']) await runIdle(stage.host, name, '--network', 'n', '--restart', 'always');
      for (const name of ['web', 'db']) own.set(name, await addressOf(stage.host, name, 'n'));
      await untilOwn();
    });

    /** Waits until the plugin knows whose the addresses are: every container has its own, and nobody another's. */
    async function untilOwn(): Promise<void> {
      await eventually(async () => {
        const { endpoints } = (await askAdmin(stage.host, 'GET', '/v1/status')).body as DaemonReport;
        const found = endpoints.map((endpoint) => [endpoint.container, endpoint.own?.join()]);
        expect(found).to.have.deep.members([...own]);
      }, 60_000);
      for (const [name, address] of own)
        await eventually(async () => expect(await addressesInside(name)).to.include(address), 60_000);
    }

    async function addressesInside(name: string): Promise<string[]> {
      const shown = await inside(stage.host, name, 'ip', '-o', '-4', 'address', 'show', 'dev', 'eth0');
      return [...shown.matchAll(/inet ([\d.]+)/g)].map(([, address = '']) => address);
    }

    async function kept(): Promise<number | undefined> {
      const { networks } = (await askAdmin(stage.host, 'GET', '/v1/status')).body as DaemonReport;
      return networks[0]?.pools[0]?.kept;
    }

    it('has it again, and no other, after each restart, while others come and go', async () => {
      await stage.host.docker('stop', 'web', 'db');
      await stage.host.docker('run', '--rm', '--network', 'n', 'alpine', 'true');
      await stage.host.docker('start', 'db', 'web');

      // Where Docker takes very long to answer, it is not certain whose an address is to be, and the next restart is.
      for (const [name, address] of own)
        await eventually(async () => {
          await stage.host.docker('restart', '--time', '0', name);
          expect(await addressOf(stage.host, name, 'n')).to.equal(address);
        }, 60_000);
      await untilOwn();
    });

    it('has its own, and nobody the other one, after a start beside another, and after a restart of Docker', async () => {
      await Promise.all(['web', 'db'].map((name) => stage.host.docker('restart', '--time', '0', name)));
      await untilOwn();

      await stage.host.restartEngine('SIGTERM');
      await eventually(async () => {
        for (const name of own.keys()) expect(await inspect(stage.host, name, '{{.State.Running}}')).to.equal('true');
      }, 60_000);
      await untilOwn();
    });

    it('leaves it when it leaves the network or is removed', async () => {
      await stage.host.docker('network', 'disconnect', 'n', 'db');
      own.delete('db');
      await stage.host.docker('stop', 'web');
      await eventually(async () => expect(await kept()).to.equal(1), 60_000);

      await stage.host.docker('rm', 'web');
      own.delete('web');
      await eventually(async () => expect(await kept()).to.equal(undefined), 60_000);
      await runIdle(stage.host, 'web', '--network', 'n');
    });
  });
}
