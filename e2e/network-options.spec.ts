import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { enter } from './support/addresses.ts';
import { createNetwork, endpointIdOf, inside, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const jumboBytes = 9_000;
/** What fits into a jumbo frame beside the headers of IPv4 and ICMP, and not one byte more. */
const payloadBytes = jumboBytes - 20 - 8;

async function mtuOf(host: Host, container: string): Promise<number> {
  const [link] = JSON.parse(await enter(host, container, 'ip', '-json', 'link', 'show', 'eth0')) as { mtu: number }[];
  return link?.mtu ?? 0;
}

for (const engine of ENGINES_IN_FULL) {
  describe(`options of a network (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, uplink: { mtuBytes: jumboBytes }, defaultRoute: '10.112.11.2' } });
    let far: Host;

    before(async () => {
      far = await stage.lab.addHost({ engine: 'none', uplink: { mtuBytes: jumboBytes } });
      await far.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', '10.112.11.1']);
    });

    afterEach(async () => {
      await stage.host.docker('rm', '--force', 'web', 'other');
      await stage.host.docker('network', 'rm', 'n');
    });

    const unfragmented = async (host: Host, bytes: number, to: string, from?: string): Promise<number> => {
      const argv = ['ping', '-M', 'do', '-s', String(bytes), '-c', '1', '-W', '2', to];
      if (from !== undefined)
        return enter(host, from, ...argv).then(
          () => 0,
          () => 1,
        );
      return (await host.exec(argv, { check: false })).exitCode;
    };

    it('routed.mtu=9000 carries jumbo frames, from container to container and to another host', async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16', '-o', `routed.mtu=${jumboBytes}`);
      await runIdle(host, 'web', '--network', 'name=n,ip=10.1.0.2,driver-opt=routed.addresses=10.1.0.4');
      await runIdle(host, 'other', '--network', 'n', '--ip', '10.1.0.3');

      expect(await mtuOf(host, 'web')).to.equal(jumboBytes);
      for (const to of ['10.1.0.2', '10.1.0.4']) {
        expect(await unfragmented(host, payloadBytes, to, 'other'), `${to} from a container`).to.equal(0);
        expect(await unfragmented(far, payloadBytes, to), `${to} from another host`).to.equal(0);
      }
      expect(await unfragmented(host, payloadBytes, '10.112.11.2', 'web'), 'to another host').to.equal(0);
      expect(await unfragmented(host, payloadBytes + 1, '10.1.0.2', 'other'), 'a byte more').to.equal(1);
    });

    it('routed.tx-queue-length is that of both ends of a link, of a network or of one container, and comes back', async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16', '-o', 'routed.tx-queue-length=200');
      await runIdle(host, 'web', '--network', 'n');
      await runIdle(host, 'other', '--network', 'name=n,driver-opt=routed.tx-queue-length=300');

      for (const [container, length] of [
        ['web', 200],
        ['other', 300],
      ] as const) {
        const link = `vethr${(await endpointIdOf(host, container, 'n')).slice(0, 10)}`;
        const onHost = async (): Promise<unknown> =>
          JSON.parse((await host.exec(['ip', '-json', 'link', 'show', link])).stdout) as unknown;
        const within = JSON.parse(await enter(host, container, 'ip', '-json', 'link', 'show', 'eth0')) as unknown;
        expect(within, container).to.have.nested.property('[0].txqlen', length);
        expect(await onHost(), container).to.have.nested.property('[0].txqlen', length);

        await host.exec(['ip', 'link', 'set', link, 'txqueuelen', '7', 'down']);

        await eventually(async () => expect(await onHost()).to.have.nested.property('[0].txqlen', length));
      }
    });

    it("without it, links have the uplink's MTU; a warning says when that changes", async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16');
      await runIdle(host, 'web', '--network', 'n');
      expect(await mtuOf(host, 'web')).to.equal(jumboBytes);

      await host.exec(['ip', 'link', 'set', 'eth1', 'mtu', '1400']);

      await eventually(async () => {
        expect(await stage.plugin.log()).to.match(
          /MTU of uplink eth1 is now 1400 bytes, previously 9000; container links keep 9000: restart routed-plugin/,
        );
      });
      await stage.plugin.stop();
      stage.plugin = await host.startPlugin();
      await host.docker('restart', 'web');
      expect(await mtuOf(host, 'web'), 'after what the warning says to do').to.equal(1_400);
      await host.exec(['ip', 'link', 'set', 'eth1', 'mtu', String(jumboBytes)]);
    });

    it('routed.gateway is what the containers of the network send by, in the place of that of the plugin', async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16', '-o', 'routed.gateway=10.1.0.77');
      await runIdle(host, 'web', '--network', 'n', '--ip', '10.1.0.2');
      await runIdle(host, 'other', '--network', 'n', '--ip', '10.1.0.3');

      expect(await inside(host, 'web', 'ip', 'route')).to.contain('default via 10.1.0.77 dev eth0');
      expect((await ping(host, '10.1.0.77', 'web')).exitCode, 'the gateway').to.equal(0);
      expect((await ping(host, '10.1.0.3', 'web')).exitCode, 'by the gateway').to.equal(0);
      const run = ['run', '--rm', '--network', 'n', '--ip', '10.1.0.77', 'alpine', 'true'];
      expect((await host.tryDocker(...run)).stderr).to.match(/10\.1\.0\.77 .*in use by the gateway/);
    });

    it('--gateway of Docker is the same, and both may not differ', async () => {
      const { host } = stage;
      const create = ['network', 'create', '-d', 'routed', '--ipam-driver', 'routed', '--subnet', '10.1.0.0/16'];

      const refused = await host.tryDocker(...create, '--gateway', '10.1.0.1', '-o', 'routed.gateway=10.1.0.77', 'n');
      expect(refused.stderr).to.contain(
        'driver option routed.gateway=10.1.0.77: the network has --gateway 10.1.0.1: give one of them',
      );

      await host.docker(...create, '--gateway', '10.1.0.1', 'n');
      await runIdle(host, 'web', '--network', 'n', '--ip', '10.1.0.2');
      expect(await inside(host, 'web', 'ip', 'route')).to.contain('default via 10.1.0.1 dev eth0');
      expect((await ping(host, '10.1.0.1', 'web')).exitCode).to.equal(0);
    });
  });
}
