import { mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '@routed/lab';
import type { Overview } from '@routed/web';
import { expect } from 'chai';
import { ping, runIdle } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { type } from '../support/shell.ts';
import { setStage } from '../support/stage.ts';
import { expectClosedContainer } from './support/closed-container.ts';
import { prepareMachineRoot } from './support/machine.ts';
import { namespacesSeenBy } from './support/namespaces.ts';

const buildImage = join(import.meta.dirname, '../../tools/build-image');
const sizeLimitMb = 130;

/** As docs/install.md has it: what the plugin needs, and no more. */
const recommended = [
  '--detach --restart always --name routed --net host',
  '--cap-drop ALL --cap-add NET_ADMIN --cap-add SYS_ADMIN --cap-add NET_RAW',
  '--security-opt systempaths=unconfined --security-opt apparmor=unconfined',
  '--volume /run/docker/plugins:/run/docker/plugins',
  '--volume /run/docker/netns:/run/docker/netns:rslave',
  '--volume /var/run/docker.sock:/var/run/docker.sock',
  '--volume /var/lib/routed:/var/lib/routed',
]
  .join(' ')
  .split(' ');

/** As users of the Go plugin type it, in the background. */
const classic =
  'run -d -ti --privileged --net=host --rm --name classic -v /run/docker/plugins:/run/docker/plugins routed-plugin --gateway 10.200.0.1 --debug --mtu 9000';

for (const engine of ['20.10', '28'] as const) {
  describe(`the container image (Docker ${engine})`, function () {
    this.timeout(600_000);
    const stage = setStage({ host: { engine }, plugin: 'none' });
    let context: string;

    before(async () => {
      const root = await prepareMachineRoot();
      context = await mkdtemp('/tmp/routed-image-');
      await runCommand([buildImage, '--context', context], { timeoutMs: 290_000 });
      const node = `--directory=${dirname(process.execPath)} --transform=s,^node$,usr/bin/node, ${basename(process.execPath)}`;
      await stage.host.exec(
        [
          'sh',
          '-c',
          `PATH=/run/commands:$PATH; tar --create --exclude='*docker*' --exclude='*containerd*' --directory=${root} . ${node} | docker import - base`,
        ],
        { timeoutMs: 200_000 },
      );
    });
    after(() => rm(context, { recursive: true }));

    async function untilServed(name: string): Promise<void> {
      await eventually(() => stage.host.exec(['test', '-S', `${stage.host.pluginDir}/${name}.sock`]), 20_000);
    }

    it(`is built without a network, from an image of one's own, and is smaller than ${sizeLimitMb} MB`, async () => {
      await stage.host.docker(
        'build',
        '--network',
        'none',
        '--build-arg',
        'BASE=base',
        '--tag',
        'routed-plugin',
        context,
      );

      const size = Number(await stage.host.docker('image', 'inspect', '--format', '{{.Size}}', 'routed-plugin'));
      expect(size / 1e6).to.be.lessThan(sizeLimitMb);
    });

    it('says which version of which source it is', async () => {
      const labels = await stage.host.docker(
        'image',
        'inspect',
        '--format',
        '{{json .Config.Labels}}',
        'routed-plugin',
      );

      const of = (name: string): string => `"org.opencontainers.image.${name}":`;
      expect(labels)
        .to.match(new RegExp(`${of('version')}"\\d+\\.\\d+\\.\\d+`))
        .and.match(new RegExp(`${of('revision')}"[0-9a-f]{40}"`))
        .and.contain(`${of('source')}"https://`);
    });

    it('has quagga-config', async () => {
      const run = ['run', '--rm', '--entrypoint', '/usr/bin/quagga-config', 'routed-plugin'];

      expect(await stage.host.docker(...run, '--version')).to.match(/^\d+\.\d+\.\d+/);
    });

    // 20.10 gives --privileged every capability that the kernel has, and fails where the tests' own process lacks one.
    if (engine !== '20.10')
      it('serves containers of the engine that runs it, by the classic command', async () => {
        const { host } = stage;
        await host.docker(...classic.split(' '));
        await untilServed('ipam-routed');
        const subnet = ['--driver=net-routed', '--ipam-driver=ipam-routed', '--subnet', '10.1.0.0/16'];
        await host.docker('network', 'create', '--internal', ...subnet, 'mine');

        const output = await host.docker('run', '--rm', '--net=mine', '--ip', '10.1.0.2', 'alpine', 'ip', 'route');

        expect(output).to.contain('default via 10.200.0.1 dev eth0');
        await host.docker('network', 'rm', 'mine');
        await host.docker('stop', 'classic');
        expect((await host.exec(['ls', host.pluginDir])).stdout).to.equal('');
      });

    it('runs with three capabilities instead of --privileged, for both families', async () => {
      const { host } = stage;
      await host.docker('run', ...recommended, 'routed-plugin');
      await untilServed('ipam-routed');
      const create = ['network', 'create', '-d', 'routed', '--ipam-driver', 'routed', '--subnet', '10.1.0.0/16'];
      await host.docker(...create, '--ipv6', '--subnet', 'fd00:1::/64', 'apps');
      await runIdle(host, 'web', '--network', 'apps', '--ip', '10.1.0.2', '--ip6', 'fd00:1::2');

      expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);
      expect((await ping(host, 'fd00:1::2')).exitCode).to.equal(0);
    });

    it('logs where docs/logs.md says', async () => {
      expect(await stage.host.docker('logs', 'routed')).to.match(/^\{.*"msg":"serving"/m);
    });

    // In the lab, "docker exec" of newer engines does not see the files of the container, and so do their health checks.
    if (engine === '20.10')
      it('is healthy while it answers', async () => {
        await eventually(async () => {
          const health = await stage.host.docker('inspect', '--format', '{{json .State.Health}}', 'routed');
          expect(health).to.contain('"Status":"healthy"').and.to.contain('"ExitCode":0');
        }, 100_000);
      });

    it('knows the names of containers, and gives a running one an address', async () => {
      const { host } = stage;
      const pid = await host.docker('inspect', '--format', '{{.State.Pid}}', 'routed');
      const command = async (line: string): Promise<string> =>
        (await type(host, `routed-plugin ${line} --admin-socket /proc/${pid}/root/run/routed/admin.sock`)).stdout;

      expect(await command('status')).to.match(/ web +10\.1\.0\.2/);
      expect(await command('address add web 10.1.0.7')).to.equal('web has 10.1.0.7 on apps\n');
      expect((await ping(host, '10.1.0.7')).exitCode).to.equal(0);
    });

    it('serves the page on its socket of commands', async () => {
      const { host } = stage;
      const pid = await host.docker('inspect', '--format', '{{.State.Pid}}', 'routed');
      const page = async (path: string): Promise<string> => {
        const socket = `/proc/${pid}/root/run/routed/admin.sock`;
        return (await type(host, `curl --silent --fail --unix-socket ${socket} http://localhost/web/${path}`)).stdout;
      };

      expect(await page('')).to.contain('<script type="module" src="client/main.js">');
      expect(await page('client/main.js')).to.have.length.above(10_000);
      await eventually(async () => {
        const overview = JSON.parse(await page('api/overview')) as Overview;
        expect(overview.examination.state, JSON.stringify(overview.examination)).to.equal('done');
      }, 60_000);
    });

    it('gives a container more addresses, and filters who may enter', () => expectClosedContainer(stage.host));

    it('sees the network namespaces of containers that started after it', async () => {
      const pid = await stage.host.docker('inspect', '--format', '{{.State.Pid}}', 'routed');

      expect(await namespacesSeenBy(stage.host, pid)).to.have.lengthOf(1);
    });

    it('knows its networks after it was replaced, and drops no running container', async () => {
      const { host } = stage;
      await host.docker('rm', '--force', 'routed');
      expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);

      await host.docker('run', ...recommended, 'routed-plugin');
      await untilServed('ipam-routed');

      await host.docker('run', '--rm', '--network', 'apps', 'alpine', 'ping', '-c', '1', '10.1.0.2');
      await host.docker('rm', '--force', 'web');
      await host.docker('network', 'rm', 'apps');
    });
  });
}
