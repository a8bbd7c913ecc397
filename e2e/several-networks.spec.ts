import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { addressesIn, addressSeenFrom, enter } from './support/addresses.ts';
import { createNetwork, endpointIdOf, ping, runIdle, untilServed, webServer } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

interface Membership {
  readonly ip: string;
  readonly ip6: string;
  readonly additional: readonly string[];
}

/** The addresses of the container on each network. The names decide by which one Docker sets the default route. */
const networks = {
  'a-routed': { ip: '10.1.0.2', ip6: 'fd00:1::2', additional: ['10.1.0.3', 'fd00:1::3'] },
  'm-bridge': { ip: '10.3.0.2', ip6: 'fd00:3::2', additional: [] },
  'z-routed': { ip: '10.2.0.2', ip6: 'fd00:2::2', additional: ['10.2.0.3', 'fd00:2::3'] },
} as const satisfies Readonly<Record<string, Membership>>;
type Network = keyof typeof networks;
const server = { ip: '10.1.0.99', ip6: 'fd00:1::99' };

function addressesOn(network: Network): readonly string[] {
  const { ip, ip6, additional } = networks[network];
  return [ip, ip6, ...additional];
}

async function start(host: Host, network: Network): Promise<void> {
  const { ip, ip6, additional } = networks[network];
  const option = additional.length === 0 ? '' : `,driver-opt=routed.addresses=${additional.join('+')}`;
  await runIdle(host, 'web', '--network', `name=${network},ip=${ip},ip6=${ip6}${option}`);
}

async function connect(host: Host, network: Network, ...more: readonly string[]): Promise<void> {
  const { ip, ip6, additional } = networks[network];
  const option = additional.length === 0 ? [] : ['--driver-opt', `routed.addresses=${additional.join('+')}`];
  await host.docker('network', 'connect', '--ip', ip, '--ip6', ip6, ...option, ...more, network, 'web');
}

/** The link that each default route of a family goes by. */
async function defaultsOf(host: Host, family: 4 | 6): Promise<string[]> {
  const routes = (await enter(host, 'web', 'ip', `-${family}`, 'route')).split('\n');
  return routes.flatMap((line) => /^default .*dev (\S+)/.exec(line)?.[1] ?? []);
}

/** One default route of each family, by the network given; every address answers, and can be sent from. */
async function expectAllWell(host: Host, connected: readonly Network[], first: Network): Promise<void> {
  const shown = await enter(host, 'web', 'ip', '-o', 'address');
  const link = addressesIn(shown).find(
    ({ address }) => address === `${networks[first].ip}/${first === 'm-bridge' ? 16 : 32}`,
  );
  for (const family of [4, 6] as const) {
    expect(await defaultsOf(host, family), `default routes of IPv${family}`).to.deep.equal([link?.link]);
  }
  for (const network of connected) {
    for (const address of addressesOn(network)) {
      await eventually(async () => {
        expect((await ping(host, address)).exitCode, `ping ${address} from the host`).to.equal(0);
      });
      if (network === 'm-bridge') continue;
      expect((await ping(host, address, 'server')).exitCode, `ping ${address} from a container`).to.equal(0);
      const to = address.includes(':') ? server.ip6 : server.ip;
      expect(await addressSeenFrom(host, 'web', address, to)).to.equal(address);
    }
  }
}

for (const engine of NEWEST_OR_EACH) {
  describe(`a container on several networks (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'a-routed', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(host, 'z-routed', '10.2.0.0/16', '--ipv6', '--subnet', 'fd00:2::/64');
      await host.docker(...'network create --ipv6 --subnet 10.3.0.0/16 --subnet fd00:3::/64 m-bridge'.split(' '));
      const asServer = ['--name', 'server', '--network', 'a-routed', '--ip', server.ip, '--ip6', server.ip6];
      await host.docker('run', '-d', ...asServer, ...webServer);
      await untilServed(host, server.ip);
    });

    afterEach(() => stage.host.docker('rm', '--force', 'web'));

    it('has one default route, by the network that Docker chooses, whatever comes and goes', async () => {
      const { host } = stage;
      await start(host, 'z-routed');
      await expectAllWell(host, ['z-routed'], 'z-routed');
      await connect(host, 'm-bridge');
      await expectAllWell(host, ['z-routed', 'm-bridge'], 'm-bridge');
      await connect(host, 'a-routed');
      await expectAllWell(host, ['z-routed', 'm-bridge', 'a-routed'], 'a-routed');

      await host.docker('network', 'disconnect', 'z-routed', 'web');
      await expectAllWell(host, ['m-bridge', 'a-routed'], 'a-routed');
      await connect(host, 'z-routed');
      await host.docker('network', 'disconnect', 'a-routed', 'web');
      await expectAllWell(host, ['m-bridge', 'z-routed'], 'm-bridge');
      await connect(host, 'a-routed');
      await host.docker('network', 'disconnect', 'm-bridge', 'web');
      await expectAllWell(host, ['z-routed', 'a-routed'], 'a-routed');
    });

    it('starts again with all of them', async () => {
      const { host } = stage;
      await start(host, 'a-routed');
      await connect(host, 'm-bridge');
      await connect(host, 'z-routed');

      await host.docker('restart', 'web');

      await expectAllWell(host, ['a-routed', 'm-bridge', 'z-routed'], 'a-routed');
    });

    it('answers by the link that the question came by', async () => {
      const { host } = stage;
      await start(host, 'a-routed');
      await connect(host, 'z-routed');
      await eventually(async () => expect(await enter(host, 'web', 'ip', 'rule')).to.contain('10.2.0.3'));
      const id = await endpointIdOf(host, 'web', 'z-routed');
      const capture = await host.spawn(['tcpdump', '-l', '-n', '-i', `vethr${id.slice(0, 10)}`, 'icmp or icmp6'], {
        name: 'tcpdump',
      });
      await eventually(async () => expect(await capture.log()).to.contain('listening on'));

      for (const address of addressesOn('z-routed')) {
        expect((await ping(host, address)).exitCode, `ping ${address}`).to.equal(0);
      }

      await eventually(async () => {
        const log = await capture.log();
        for (const address of addressesOn('z-routed')) {
          expect(log, address).to.match(new RegExp(`> ${address}: ICMP6?,? echo request`));
          expect(log, address).to.match(new RegExp(`${address} > .*: ICMP6?,? echo reply`));
        }
      });
      await capture.stop();
    });

    it('has no rules left when it is back to one network', async () => {
      const { host } = stage;
      const rules = async (): Promise<string[]> =>
        [
          ...(await enter(host, 'web', 'ip', 'rule')).split('\n'),
          ...(await enter(host, 'web', 'ip', '-6', 'rule')).split('\n'),
        ].filter((line) => line.startsWith('20200:'));
      await start(host, 'a-routed');
      expect(await rules()).to.deep.equal([]);
      await connect(host, 'z-routed');
      await eventually(async () => expect(await rules()).to.have.lengthOf(8));

      await host.docker('network', 'disconnect', 'z-routed', 'web');

      await eventually(async () => expect(await rules()).to.deep.equal([]));
      await expectAllWell(host, ['a-routed'], 'a-routed');
    });

    if (engine === '28') {
      it('has the default route of the network with the highest gateway priority', async () => {
        const { host } = stage;
        await start(host, 'a-routed');
        await connect(host, 'z-routed', '--gw-priority', '100');
        await expectAllWell(host, ['a-routed', 'z-routed'], 'z-routed');

        await host.docker('restart', 'web');

        await expectAllWell(host, ['a-routed', 'z-routed'], 'z-routed');
      });
    }
  });
}
