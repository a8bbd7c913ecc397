import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, type RouterConfig } from '@routed/lab';
import type { Overview } from '@routed/web';
import { expect } from 'chai';
import { inside, ping, runIdle } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { containerRoutes } from '../support/kernel.ts';
import { type } from '../support/shell.ts';
import { setStage } from '../support/stage.ts';
import { expectClosedContainer } from './support/closed-container.ts';
import { namespacesSeenBy } from './support/namespaces.ts';

const buildPlugin = join(import.meta.dirname, '../../tools/build-plugin');

/** A managed plugin is known by its whole name. */
const driver = 'routed:latest';

/** A router of the host's own, whose sockets are in /run/frr. */
const router: RouterConfig = {
  files: [{ name: 'frr.conf', text: 'frr defaults datacenter\nrouter ospf\n ospf router-id 10.112.11.1\n' }],
  daemons: ['ospfd'],
};

describe('the managed plugin', function () {
  this.timeout(300_000);
  let directory: string;

  before(async () => {
    directory = await mkdtemp('/tmp/routed-plugin-');
    await runCommand([buildPlugin, directory], { timeoutMs: 120_000 });
  });
  after(() => rm(directory, { recursive: true }));

  for (const engine of ['20.10', '28'] as const) {
    describe(`on Docker ${engine}`, () => {
      const stage = setStage({ host: { engine, router: '8.4' }, plugin: 'none' });
      const docker = async (line: string): Promise<string> => await stage.host.docker(...line.split(' '));

      it('is created, set, and enabled', async () => {
        await docker(`run --rm --volume /var/lib/routed:/var/lib/routed alpine true`);
        await docker(`plugin create routed ${directory}`);
        await docker('plugin set routed ROUTED_GATEWAY=10.200.0.1 ROUTED_MTU=1400 ROUTED_METRICS_PORT=9273');
        await docker('plugin set routed ROUTED_WEB=127.0.0.1:9274 ROUTED_WEB_PEERS=http://127.0.0.1:9274');

        await docker('plugin enable routed');

        expect(await docker('plugin ls --format {{.Name}}:{{.Enabled}}')).to.equal('routed:latest:true');
      });

      it('gives containers their addresses, with what was set', async () => {
        const { host } = stage;
        await docker(`network create -d ${driver} --ipam-driver ${driver} --subnet 10.1.0.0/16 apps`);
        await runIdle(host, 'web', '--network', 'apps', '--ip', '10.1.0.2');

        expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);
        expect(await inside(host, 'web', 'ip', 'route')).to.contain('default via 10.200.0.1');
        expect(await inside(host, 'web', 'ip', 'link', 'show', 'eth0')).to.contain('mtu 1400');
      });

      it('gives a container more addresses, and filters who may enter', () => expectClosedContainer(stage.host));

      it('sees the network namespaces of containers that started after it', async () => {
        const { stdout: pid } = await stage.host.exec(['pgrep', '--full', '/usr/bin/routed-plugin serve']);

        expect(await namespacesSeenBy(stage.host, pid.trim())).to.have.lengthOf(1);
      });

      it('is reached by commands through its own root', async () => {
        const { stdout: pid } = await stage.host.exec(['pgrep', '--full', '/usr/bin/routed-plugin serve']);

        const told = await type(
          stage.host,
          `routed-plugin status --admin-socket /proc/${pid.trim()}/root/run/routed/admin.sock`,
        );

        // Docker says whose an address is.
        expect(told.stdout, told.stderr).to.match(/ web +10\.1\.0\.2 +vethr[0-9a-f]+ +joined/);
      });

      it('serves its metrics on the port that was set', async () => {
        const { stdout } = await type(stage.host, 'curl --silent http://127.0.0.1:9273/metrics');

        expect(stdout).to.match(/^routed_build_info\{version="/m);
      });

      it("logs into the engine's log, by its id, as docs/logs.md says", async () => {
        const id = await docker('plugin inspect --format {{.Id}} routed');

        expect(id).to.match(/^[0-9a-f]{64}$/);
        const lines = (await stage.host.engineLog()).split('\n');
        expect(lines.filter((line) => line.includes(id) && line.includes('serving'))).to.not.be.empty;
      });

      it('serves the page where it was told to, which shows containers, the router of the host and another page', async () => {
        const { host } = stage;
        await host.startRouter(router);

        await eventually(async () => {
          const { stdout } = await type(host, 'curl --silent --fail http://127.0.0.1:9274/api/overview');
          const overview = JSON.parse(stdout) as Overview;
          expect(overview.networks[0]?.sample[0]).to.deep.include({ name: 'web', addresses: ['10.1.0.2'] });
          expect(overview.routers).to.include('ospfd');
          expect(overview.peers.map(({ state }) => state)).to.deep.equal(['reachable']);
          expect(overview.examination.state, JSON.stringify(overview.examination)).to.equal('done');
        }, 60_000);
        const { stdout } = await type(host, 'curl --silent --fail http://127.0.0.1:9274/client/main.js');
        expect(stdout).to.have.length.above(10_000);
      });

      it('is not disabled while a network uses it', async () => {
        expect((await stage.host.tryDocker('plugin', 'disable', 'routed')).stderr).to.match(/in use|references/);
      });

      it('is replaced by a new version under running containers', async () => {
        const { host } = stage;
        await docker('plugin disable --force routed');
        await docker('plugin rm --force routed');
        expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);

        await docker(`plugin create routed ${directory}`);
        await docker('plugin set routed ROUTED_GATEWAY=10.200.0.1');
        await docker('plugin enable routed');

        await docker('run --rm --network apps alpine ping -c 1 10.1.0.2');
        expect((await containerRoutes(host)).map(({ dst }) => dst)).to.deep.equal(['10.1.0.2']);
      });

      it('is there when its engine restarts', async () => {
        const { host } = stage;
        await docker('update --restart always web');

        await host.restartEngine();

        await docker('run --rm --network apps alpine ping -c 1 10.1.0.2');
      });

      it('is disabled and removed when nothing uses it', async () => {
        await docker('rm --force web');
        await docker('network rm apps');

        await docker('plugin disable routed');
        await docker('plugin rm routed');

        expect(await docker('plugin ls --quiet')).to.equal('');
      });
    });
  }
});
