import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { addressesIn, addressesOf, addressSeenFrom, enter } from './support/addresses.ts';
import {
  addressSeenBy,
  createNetwork,
  inside,
  inspect,
  ping,
  runIdle,
  untilServed,
  webServer,
} from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerRoutes, LINKS_GONE_MS } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const own = ['10.1.0.2/32', 'fd00:1::2/128'];
const additional = ['10.1.0.3/32', '192.168.7.9/32', 'fd00:1::7/128'];
const everything = [...own, ...additional];
const option = 'routed.addresses=10.1.0.3+192.168.7.9+fd00:1::7';
const onMine = `name=mine,ip=10.1.0.2,ip6=fd00:1::2,driver-opt=${option}`;

/** How often a container is looked at in its first moment. */
const starts = 16;
const atOnce = 4;

/** An address without its prefix length. */
const bare = (address: string): string => address.replace(/\/.*/, '');

/** Which of the addresses the host has a route to. */
async function routesToWeb(host: Host): Promise<string[]> {
  const routes = await containerRoutes(host);
  return routes.map(({ dst }) => dst).filter((dst) => everything.map(bare).includes(dst));
}

async function expectAll(host: Host): Promise<void> {
  expect(await addressesOf(host, 'web')).to.have.members(everything);
  expect(await routesToWeb(host)).to.have.members(everything.map(bare));
  for (const address of everything.map(bare)) {
    expect((await ping(host, address)).exitCode, `ping ${address} from the host`).to.equal(0);
    expect((await ping(host, address, 'server')).exitCode, `ping ${address} from a container`).to.equal(0);
  }
}

for (const engine of NEWEST_OR_EACH) {
  describe(`several addresses for a container (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, engineFlags: ['--live-restore'] } });

    before(async () => {
      const { host } = stage;
      const ipv6 = ['--ipv6', '--subnet', 'fd00:1::/64'];
      await createNetwork(host, 'mine', '10.1.0.0/16', ...ipv6, '-o', 'routed.prefixes=192.168.7.0/24');
      const asServer = ['--name', 'server', '--network', 'mine', '--ip', '10.1.0.99', '--ip6', 'fd00:1::99'];
      await host.docker('run', '-d', ...asServer, ...webServer);
      await untilServed(host, '10.1.0.99');
    });

    describe('at its start', () => {
      const lines = [
        `docker run --rm --network name=mine,ip=10.1.0.2,driver-opt=routed.addresses="10.1.0.3 10.1.0.4 fd00:1::8" alpine ip -o addr`,
        `docker run --rm --network name=mine,ip=10.1.0.2,driver-opt=routed.addresses=10.1.0.3+10.1.0.4+fd00:1::8 alpine ip -o addr`,
        `docker run --rm --network 'name=mine,ip=10.1.0.2,driver-opt=routed.addresses=10.1.0.3;10.1.0.4;FD00:1::8' alpine ip -o addr`,
        `docker run --rm --network 'name=mine,ip=10.1.0.2,"driver-opt=routed.addresses=10.1.0.3,10.1.0.4,fd00:1::8"' alpine ip -o addr`,
      ];
      for (const line of lines) {
        it(line, async () => {
          const { stdout, stderr, exitCode } = await type(stage.host, line);

          expect(exitCode, stderr).to.equal(0);
          const shown = addressesIn(stdout).map(({ address }) => address);
          expect(shown).to.include.members(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32', 'fd00:1::8/128']);
          expect(shown).to.have.lengthOf(5);
        });
      }

      // Nothing holds Docker 26 back, and on an overloaded machine one start of fifty is too early.
      const [when, look] =
        engine === '26'
          ? (['a second after its main process starts', ['sh', '-c', 'sleep 1; ip -o address']] as const)
          : (['when its main process starts', ['ip', '-o', 'address']] as const);
      it(`has all of them, usable, ${when}: ${starts} times, ${atOnce} at once`, async () => {
        const run = async (number: number): Promise<void> => {
          const [first, ...more] = [
            `10.1.1.${number}`,
            `10.1.2.${number}`,
            `192.168.7.1${number}`,
            `fd00:1::2:${number}`,
          ];
          const network = `name=mine,ip=${first},driver-opt=routed.addresses=${more.join('+')}`;
          const shown = addressesIn(await stage.host.docker('run', '--rm', '--network', network, 'alpine', ...look));
          expect(shown.map(({ address }) => bare(address))).to.include.members([first, ...more]);
          expect(shown.filter(({ isTentative }) => isTentative)).to.deep.equal([]);
        };

        for (let number = 10; number < 10 + starts; number += atOnce) {
          await Promise.all(Array.from({ length: atOnce }, (_, offset) => run(number + offset)));
        }
      });
    });

    describe('while it runs', () => {
      before(() => runIdle(stage.host, 'web', '--network', onMine));

      it('answers on each, with a route of the host to each', async () => {
        await expectAll(stage.host);
      });

      it("sends from Docker's address by itself, and from any other when told to", async () => {
        const { host } = stage;
        expect(await addressSeenBy(host, '10.1.0.99', 'web')).to.equal('10.1.0.2');
        expect(await addressSeenBy(host, 'fd00:1::99', 'web')).to.equal('fd00:1::2');

        for (const source of everything.map(bare)) {
          const server = source.includes(':') ? 'fd00:1::99' : '10.1.0.99';
          expect(await addressSeenFrom(host, 'web', source, server)).to.equal(source);
        }
      });

      it('has no rule and no route table beside its own', async () => {
        expect(await inside(stage.host, 'web', 'ip', 'rule')).not.to.contain('20200');
      });

      it('has them again after "docker restart", and after "docker stop" and "docker start"', async () => {
        const { host } = stage;
        await host.docker('restart', 'web');
        await expectAll(host);

        await host.docker('stop', 'web');
        expect(await routesToWeb(host)).to.deep.equal([]);
        await host.docker('start', 'web');
        await expectAll(host);
      });

      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        it(`has them after the plugin ended by ${signal}, and gets back what was taken meanwhile`, async () => {
          const { host } = stage;
          await stage.plugin.stop(signal);
          await enter(host, 'web', 'ip', 'address', 'del', '10.1.0.3/32', 'dev', 'eth0');
          await enter(host, 'web', 'ip', 'address', 'del', 'fd00:1::7/128', 'dev', 'eth0');
          expect(await addressesOf(host, 'web')).to.have.lengthOf(3);

          stage.plugin = await host.startPlugin();

          await eventually(async () => expect(await addressesOf(host, 'web')).to.have.members(everything));
          await expectAll(host);
          expect(await addressSeenBy(host, '10.1.0.99', 'web')).to.equal('10.1.0.2');
        });
      }

      it('has them after a restart of the engine that keeps containers running', async () => {
        const { host } = stage;
        const pid = await inspect(host, 'web', '{{.State.Pid}}');

        await host.restartEngine();

        expect(await inspect(host, 'web', '{{.State.Pid}}')).to.equal(pid);
        await expectAll(host);
        await host.docker('restart', 'web');
        await expectAll(host);
      });

      it('leaves nothing of them when it is removed, and they are free again', async () => {
        const { host } = stage;
        await host.docker('rm', '--force', 'web');
        await eventually(async () => expect(await routesToWeb(host)).to.deep.equal([]), LINKS_GONE_MS);

        for (const address of ['10.1.0.3', '10.1.0.2']) {
          await host.docker('run', '--rm', '--network', 'mine', '--ip', address, 'alpine', 'true');
        }
      });
    });

    describe('when it is connected to the network later', () => {
      before(async () => {
        await runIdle(stage.host, 'web', '--network', 'none');
        await stage.host.docker('network', 'disconnect', 'none', 'web');
      });

      const connects: readonly (readonly [string, readonly string[]])[] = [
        ['--driver-opt "routed.addresses=10.1.0.3 192.168.7.9"', ['10.1.0.3/32', '192.168.7.9/32']],
        ['--driver-opt routed.addresses=10.1.0.3+192.168.7.9', ['10.1.0.3/32', '192.168.7.9/32']],
        ['--driver-opt "routed.addresses=10.1.0.3;192.168.7.9"', ['10.1.0.3/32', '192.168.7.9/32']],
        ['--driver-opt routed.addresses=192.168.7.9', ['192.168.7.9/32']],
      ];
      for (const [options, expected] of connects) {
        it(`docker network connect ${options} mine web`, async () => {
          const { host } = stage;

          const line = `docker network connect --ip 10.1.0.2 --ip6 fd00:1::2 ${options} mine web`;
          expect(await type(host, line)).to.deep.include({ exitCode: 0, stderr: '' });

          expect(await addressesOf(host, 'web'), 'when it returns').to.have.members([...own, ...expected]);
          for (const address of expected.map(bare)) expect((await ping(host, address, 'server')).exitCode).to.equal(0);
          await host.docker('network', 'disconnect', 'mine', 'web');
          expect(await addressesOf(host, 'web')).to.deep.equal([]);
          expect(await routesToWeb(host)).to.deep.equal([]);
        });
      }

      it('a comma is for Docker there, which says so and connects nothing', async () => {
        const { host } = stage;

        const { exitCode, stderr } = await type(
          host,
          'docker network connect --driver-opt routed.addresses=10.1.0.3,192.168.7.9 mine web',
        );

        expect(exitCode).to.equal(1);
        expect(stderr).to.contain('invalid key/value pair format in driver options');
      });
    });
  });
}
