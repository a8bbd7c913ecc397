import { expect } from 'chai';
import { addressesOf } from './support/addresses.ts';
import { askAdmin } from './support/admin.ts';
import { createNetwork, idle, ping, runIdle } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS, ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { tryFreshFlows } from './support/fresh-flows.ts';
import { expectNoContainers, kernelState } from './support/kernel.ts';
import { setStage, type Stage } from './support/stage.ts';

const address = '10.1.0.2';
const withinMs = 5_000;

/** Kills the plugin, deletes all it knew, and starts it. */
async function loseState(stage: Stage, ...flags: readonly string[]): Promise<void> {
  await stage.plugin.stop('SIGKILL');
  await stage.host.exec(['rm', '-rf', '/var/lib/routed']);
  stage.plugin = await stage.host.startPlugin({ flags });
}

for (const engine of ENGINES_AT_THE_ENDS) {
  describe(`the state directory is lost under running containers (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      const { host } = stage;
      const options = ['--ip-range', '10.1.8.0/24', '--aux-address', 'router=10.1.8.0', '-o', 'routed.mtu=1400'];
      await createNetwork(host, 'n', '10.1.0.0/16', ...options, '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(host, 'other', '10.2.0.0/16');
      const placed = ['--ip', address, '--ip6', 'fd00:1::2'];
      await runIdle(host, 'web', '--network', 'n', ...placed);
      await host.docker('network', 'connect', '--driver-opt', 'routed.addresses=10.2.0.9', 'other', 'web');
      await eventually(async () => expect(await addressesOf(host, 'web')).to.include('10.2.0.9/32'));
      const before = await kernelState(host);

      await loseState(stage);

      await eventually(async () => {
        const { exitCode, stderr } = await host.tryDocker('run', '--rm', '--network', 'other', 'alpine', 'true');
        expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      }, withinMs);
      await eventually(async () => expect(await kernelState(host)).to.deep.equal(before));
    });

    for (const wanted of [address, '10.1.8.0', '10.2.0.9']) {
      it(`gives ${wanted} to nobody else`, async () => {
        const network = wanted.startsWith('10.2.') ? 'other' : 'n';

        const { exitCode, stderr } = await stage.host.tryDocker(
          ...['run', '--rm', '--network', network, '--ip', wanted, 'alpine', 'true'],
        );

        expect(exitCode).to.equal(125);
        expect(stderr).to.match(/in use by (endpoint|auxiliary address)/);
      });
    }

    it('repairs what somebody takes from the container', async () => {
      await stage.host.exec(['ip', 'route', 'flush', 'proto', '200']);

      await eventually(async () => {
        for (const there of [address, '10.2.0.9']) expect((await ping(stage.host, there)).exitCode).to.equal(0);
      });
    });

    it('starts containers with what the user said of the network', async () => {
      await runIdle(stage.host, 'late', '--network', 'n');

      expect(await addressesOf(stage.host, 'late')).to.satisfy((held: string[]) => held.some(isInRange));
      const link = await stage.host.docker('exec', 'late', 'ip', '-o', 'link', 'show', 'eth0');
      expect(link).to.contain('mtu 1400');
    });

    it('takes the containers away when Docker does', async () => {
      await stage.host.docker('rm', '--force', 'web', 'late');

      await expectNoContainers(stage.host);
    });
  });
}

function isInRange(address: string): boolean {
  return address.startsWith('10.1.8.');
}

for (const engine of ENGINES_IN_FULL) {
  describe(`the state directory is lost, and Docker cannot be asked (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);
      await loseState(stage, '--docker-socket', '/run/nowhere.sock');
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

for (const engine of ENGINES_AT_THE_ENDS) {
  describe(`an older backup of the state directory is restored (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const [late, inherited] = ['10.1.0.50', '10.1.0.2'] as const;
    const runClosed = (name: string, ip: string): Promise<string> =>
      stage.host.docker(
        ...['run', '--detach', '--name', name, '--network', `name=n,ip=${ip},driver-opt=routed.ingress=none`, ...idle],
      );

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16');
      await runIdle(host, 'open', '--network', 'n', '--ip', inherited);
      await stage.plugin.stop('SIGTERM');
      await host.exec(['cp', '-a', '/var/lib/routed', '/var/lib/backup']);
      stage.plugin = await host.startPlugin();
      await host.docker('rm', '--force', 'open');
      await runClosed('late', late);
      await runClosed('heir', inherited);

      await stage.plugin.stop('SIGTERM');
      await host.exec(['sh', '-c', 'rm -rf /var/lib/routed; mv /var/lib/backup /var/lib/routed']);
    });

    it('lets nobody into the containers that were started since and let nobody in', async () => {
      const tries = await Promise.all([late, inherited].map((own) => tryFreshFlows(stage.host, own)));

      stage.plugin = await stage.host.startPlugin();
      await eventually(async () => {
        const { body } = await askAdmin(stage.host, 'GET', '/v1/status');
        const { endpoints } = body as { endpoints: { addresses: string[]; sandboxKey?: string }[] };
        const held = endpoints.flatMap(({ addresses, sandboxKey }) => (sandboxKey === undefined ? [] : addresses));
        expect(held).to.have.members([late, inherited]);
      }, withinMs);

      for (const stop of tries) {
        const { sent, pings, ports } = await stop();
        expect(sent).to.be.above(0);
        expect({ pings, ports }).to.deep.equal({ pings: 0, ports: 0 });
      }
    });

    it('gives their addresses to nobody else', async () => {
      for (const wanted of [late, inherited]) {
        const { exitCode, stderr } = await stage.host.tryDocker(
          ...['run', '--rm', '--network', 'n', '--ip', wanted, 'alpine', 'true'],
        );

        expect(exitCode).to.equal(125);
        expect(stderr).to.contain('in use by endpoint');
      }
    });

    it('takes them away when Docker does', async () => {
      await stage.host.docker('rm', '--force', 'late', 'heir');

      await expectNoContainers(stage.host);
    });
  });
}
