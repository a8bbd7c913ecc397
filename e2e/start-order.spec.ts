import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { reboot } from './restart-matrix/reboot.ts';
import { createNetwork, inspect, runIdle, untilServed, webServer } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS, ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';
import { equipWebServer } from './support/web.ts';

const hostAddress = '10.112.11.1';
const otherHostAddress = '10.112.11.2';
const routed = '10.1.0.2';

/** Whether a web server answers; `from` is a container, or else the host. */
async function isServed(host: Host, url: string, from?: string): Promise<boolean> {
  const argv = ['busybox', 'timeout', '2', 'busybox', 'wget', '-q', '-O', '/dev/null', `http://${url}/cgi-bin/who`];
  const { exitCode } =
    from === undefined ? await host.exec(argv, { check: false }) : await host.tryDocker('exec', from, ...argv);
  return exitCode === 0;
}

for (const engine of ENGINES_AT_THE_ENDS) {
  describe(`unpublished ports of bridge containers, whoever starts first (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: 'none' });
    let otherHost: Host;

    before(async () => {
      const { host, lab } = stage;
      otherHost = await lab.addHost({ engine: 'none' });
      await otherHost.exec(['ip', 'route', 'add', '172.17.0.0/16', 'via', hostAddress]);
      await otherHost.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', hostAddress]);
      await equipWebServer(otherHost);
      await host.docker('run', '-d', '--name', 'bridged', ...webServer);
      await host.docker('run', '-d', '--name', 'published', '-p', '8080:80', ...webServer);
    });

    /** What another host reaches, and what a bridge container reaches. */
    const reach = async (): Promise<Record<string, boolean>> => {
      const { host } = stage;
      await host.docker('start', 'bridged', 'published');
      const unpublished = await inspect(host, 'bridged', '{{.NetworkSettings.IPAddress}}');
      await untilServed(host, unpublished);
      await eventually(async () => expect(await isServed(otherHost, `${hostAddress}:8080`)).to.equal(true));
      return {
        unpublished: await isServed(otherHost, unpublished),
        outwards: await isServed(host, otherHostAddress, 'bridged'),
      };
    };
    const closed = { unpublished: false, outwards: true };

    it('stay closed when Docker starts first', async () => {
      expect(await reach()).to.deep.equal(closed);
      stage.plugin = await stage.host.startPlugin();

      expect(await reach()).to.deep.equal(closed);
    });

    it('stay closed when the plugin starts first, and when either starts again', async () => {
      const { host } = stage;
      await reboot(host);
      stage.plugin = await host.startPlugin();
      await host.startEngine();
      expect(await reach(), 'the plugin first').to.deep.equal(closed);

      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await runIdle(host, 'routed', '--network', 'n', '--ip', routed);
      await stage.plugin.stop();
      stage.plugin = await host.startPlugin();
      await host.restartEngine();

      expect(await reach(), 'both again').to.deep.equal(closed);
    });

    it('stay closed when the plugin comes first with the networks of before', async () => {
      const { host } = stage;
      await reboot(host);
      stage.plugin = await host.startPlugin();
      await host.startEngine();
      await host.docker('start', 'routed');

      expect(await reach()).to.deep.equal(closed);
      expect(await isServed(host, otherHostAddress, 'routed'), 'a routed container reaches others').to.equal(true);
    });
  });
}

if (ENGINES_IN_FULL.length > 0) {
  describe('bridges of an engine that does not filter, where the plugin starts first', () => {
    const stage = setStage({ host: { iptables: false, startEngine: false } });

    it('have their network all the same, in both families', async () => {
      const { host, lab } = stage;
      const policies = async (): Promise<string> =>
        (await host.exec(['sh', '-c', 'iptables -S FORWARD | head -1; ip6tables -S FORWARD | head -1'])).stdout;
      await eventually(async () => expect(await policies()).to.equal('-P FORWARD DROP\n-P FORWARD ACCEPT\n'));
      const otherHost = await lab.addHost({ engine: 'none' });
      await otherHost.exec(['ip', 'route', 'add', '172.17.0.0/16', 'via', hostAddress]);
      await equipWebServer(otherHost);
      await host.startEngine();
      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await runIdle(host, 'bridged');
      await eventually(async () => expect(await isServed(host, otherHostAddress, 'bridged')).to.equal(true));
      expect(await policies()).to.equal('-P FORWARD ACCEPT\n-P FORWARD DROP\n');

      await host.docker('network', 'create', '--ipv6', '--subnet', 'fd07::/64', 'six');

      await eventually(async () => expect(await policies()).to.equal('-P FORWARD ACCEPT\n-P FORWARD ACCEPT\n'));
    });
  });
}
