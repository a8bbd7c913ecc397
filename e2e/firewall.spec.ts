import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { createNetwork, inspect, ping, runIdle, untilServed, webServer } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { medianOfThree } from './support/median.ts';
import { setStage } from './support/stage.ts';
import { equipWebServer } from './support/web.ts';

const routed = '10.1.0.2';
const another = '10.1.0.3';
const hostAddress = '10.112.11.1';
const otherHostAddress = '10.112.11.2';
const withinMs = 1_000;

/** Whether a web server answers; `from` is a container, or else the host. */
async function isServed(host: Host, url: string, from?: string): Promise<boolean> {
  const argv = ['busybox', 'timeout', '2', 'busybox', 'wget', '-q', '-O', '/dev/null', `http://${url}/cgi-bin/who`];
  const { exitCode } =
    from === undefined ? await host.exec(argv, { check: false }) : await host.tryDocker('exec', from, ...argv);
  return exitCode === 0;
}

async function ourRules(host: Host): Promise<string> {
  return (await host.exec(['sh', '-c', 'iptables -S | grep ROUTED; ip6tables -S | grep ROUTED'])).stdout;
}

for (const engine of ENGINES_AT_THE_ENDS) {
  describe(`a firewall that drops what nobody has accepted (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    let otherHost: Host;
    let unpublished: string;

    before(async () => {
      const { host, lab } = stage;
      otherHost = await lab.addHost({ engine: 'none' });
      await otherHost.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', hostAddress]);
      await equipWebServer(otherHost);
      await host.docker('run', '-d', '--name', 'bridged', ...webServer);
      await host.docker('run', '-d', '--name', 'published', '-p', '8080:80', ...webServer);
      await host.docker('network', 'create', 'own');
      await host.docker('run', '-d', '--name', 'own', '--network', 'own', ...webServer);
      await createNetwork(host, 'n', '10.1.0.0/16');
      await runIdle(host, 'routed', '--network', 'n', '--ip', routed);
      await host.docker('run', '-d', '--name', 'server', '--network', 'n', '--ip', another, ...webServer);
      unpublished = await inspect(host, 'bridged', '{{.NetworkSettings.IPAddress}}');
      await Promise.all([untilServed(host, another), untilServed(host, unpublished)]);
      const { stdout } = await host.exec(['iptables', '-S', 'FORWARD']);
      expect(stdout).to.contain('-P FORWARD DROP');
    });

    it('lets routed containers talk to each other and to another host, whoever begins', async () => {
      expect(await isServed(stage.host, another, 'routed'), 'container to container').to.equal(true);
      expect(await isServed(stage.host, otherHostAddress, 'routed'), 'container to host').to.equal(true);
      expect(await isServed(otherHost, another), 'host to container').to.equal(true);
    });

    it('lets bridge containers talk to routed ones, which answer', async () => {
      expect(await isServed(stage.host, another, 'bridged')).to.equal(true);
      expect(await isServed(stage.host, another, 'own')).to.equal(true);
    });

    it('lets routed containers use published ports', async () => {
      expect(await isServed(stage.host, `${hostAddress}:8080`, 'routed')).to.equal(true);
    });

    it('keeps routed containers from ports that are not published, as it does without the plugin', async () => {
      const { host } = stage;
      const own = await inspect(host, 'own', '{{.NetworkSettings.Networks.own.IPAddress}}');
      const attempts = (): Promise<boolean[]> =>
        Promise.all([
          isServed(host, unpublished, 'routed'),
          isServed(host, own, 'routed'),
          ping(host, unpublished, 'routed').then(({ exitCode }) => exitCode === 0),
        ]);
      expect(await isServed(host, unpublished), 'the host itself is served').to.equal(true);

      const withPlugin = await attempts();
      await stage.plugin.stop();
      await host.exec(['iptables', '-D', 'FORWARD', '-j', 'ROUTED-FORWARD']);
      const without = await attempts();
      const isForwarded = await isServed(host, otherHostAddress, 'routed');
      stage.plugin = await host.startPlugin();

      expect(withPlugin).to.deep.equal([false, false, false]);
      expect(without).to.deep.equal(withPlugin);
      expect(isForwarded, 'routed traffic without the rules').to.equal(false);
      await eventually(async () => expect(await isServed(host, otherHostAddress, 'routed')).to.equal(true));
    });

    it('follows a new uplink, but not a new bridge', async () => {
      const { host, lab } = stage;

      await lab.addWire(
        { host, link: 'eth7', address: '10.77.0.1/24' },
        { host: otherHost, link: 'eth7', address: '10.77.0.2/24' },
      );
      await host.exec(['ip', 'link', 'add', 'br7', 'type', 'bridge']);

      await eventually(async () => expect(await ourRules(host)).to.contain('-o eth7 -j ACCEPT'));
      await eventually(async () => expect(await isServed(host, '10.77.0.2', 'routed')).to.equal(true));
      expect(await ourRules(host))
        .not.to.contain('br7')
        .and.not.to.contain('docker0');

      await host.exec(['sh', '-c', 'ip link delete eth7; ip link delete br7']);
      await eventually(async () => expect(await ourRules(host)).not.to.contain('eth7'));
    });

    for (const damage of [
      'iptables -D FORWARD -j ROUTED-FORWARD',
      'iptables -F',
      'iptables-save | iptables-restore; printf "*filter\\n:FORWARD DROP\\nCOMMIT\\n" | iptables-restore',
      'nft flush ruleset',
    ]) {
      it(`has the rules again within a second after "${damage}"`, async () => {
        const { host } = stage;
        const intact = await ourRules(host);

        const ms = await medianOfThree(async () => {
          await host.exec(['sh', '-c', damage]);
          const brokenAt = performance.now();
          await eventually(async () => expect(await ourRules(host)).to.equal(intact));
          return performance.now() - brokenAt;
        });

        expect(ms).to.be.lessThan(withinMs);
      });
    }

    it('has them still after dockerd has made its own anew', async () => {
      const { host } = stage;
      const intact = await ourRules(host);

      await host.restartEngine();

      await eventually(async () => expect(await ourRules(host)).to.equal(intact));
      const { stdout } = await host.exec(['iptables', '-S', 'FORWARD']);
      expect(stdout.trim().split('\n').at(-1)).to.equal('-A FORWARD -j ROUTED-FORWARD');
    });
  });
}
