import { expect } from 'chai';
import { createNetwork, inspect, ping, runIdle } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerRoutes } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const addresses = ['10.1.0.2', 'fd00:1::2'];
/** Less than a second on a machine that does nothing else; the kernel itself tells of lost carrier after up to one. */
const SOON_MS = 3_000;

for (const engine of ENGINES_AT_THE_ENDS) {
  describe(`a container whose end of the link goes while Docker is away (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, engineFlags: ['--live-restore'] } });
    let pid = '';

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
    });
    beforeEach(async () => {
      const [ipv4 = '', ipv6 = ''] = addresses;
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', ipv4, '--ip6', ipv6);
      pid = await inspect(stage.host, 'web', '{{.State.Pid}}');
      await stage.host.stopEngine('SIGKILL');
    });
    afterEach(async () => {
      await stage.host.startEngine();
      await stage.host.docker('rm', '--force', 'web');
    });

    const inContainer = async (...args: readonly string[]): Promise<void> => {
      await stage.host.exec(['nsenter', '--target', pid, '--net', 'ip', 'link', 'set', 'eth0', ...args]);
    };
    const expectRoutes = async (expected: readonly string[]): Promise<void> => {
      const from = performance.now();
      await eventually(async () => {
        // Without a route there, ip says that there is no such table.
        const { stdout } = await stage.host.exec(['ip', '-4', 'route', 'show', 'table', '7200'], { check: false });
        expect(stdout).to.equal('');
        expect((await containerRoutes(stage.host)).map(({ dst }) => dst)).to.have.members(expected);
      }, SOON_MS);
      console.log(
        `      ${expected.length === 0 ? 'withdrawn' : 'announced'} in ${Math.round(performance.now() - from)} ms`,
      );
    };
    const status = async (): Promise<string> => (await type(stage.host, 'routed-plugin status')).stdout;

    it('is announced while its end is up, and only then', async () => {
      await inContainer('down');
      await expectRoutes([]);
      expect(await status()).to.contain("its container's end of the link is down");
      expect(await status()).to.contain('joined, not announced: container gone');

      await inContainer('up');
      await expectRoutes(addresses);
      expect(await status()).not.to.contain('not announced');
    });

    it('is withdrawn when its end is back on the host, also by the next run of the plugin', async () => {
      await inContainer('netns', '1');
      await expectRoutes([]);
      expect(await status()).to.contain("the container's end of the link is back on the host");

      await stage.plugin.stop('SIGKILL');
      stage.plugin = await stage.host.startPlugin();
      await expectRoutes([]);
    });

    it('is not withdrawn on its way into and out of containers', async () => {
      await stage.host.startEngine();
      const before = (await stage.plugin.log()).length;
      for (let turn = 0; turn < 3; turn++) await stage.host.docker('restart', '--time', '0', 'web');
      await stage.host.docker('network', 'disconnect', 'n', 'web');
      await stage.host.docker('network', 'connect', '--ip', '10.1.0.2', 'n', 'web');
      await stage.host.docker('stop', '--time', '0', 'web');
      await stage.host.docker('start', 'web');

      expect((await stage.plugin.log()).slice(before)).not.to.contain('withdrawn: ');
      expect((await ping(stage.host, '10.1.0.2')).exitCode).to.equal(0);
      await stage.host.stopEngine('SIGKILL');
    });
  });
}
