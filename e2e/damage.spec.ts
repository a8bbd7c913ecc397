import { expect } from 'chai';
import type { CommandResult, Host } from '@routed/lab';
import { askAdmin } from './support/admin.ts';
import { createNetwork, inspect, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const open = '10.1.0.2';
const closed = '10.1.0.3';
const repairedWithinMs = 2_000;

for (const engine of ENGINES_IN_FULL) {
  describe(`what somebody does to the link of a running container (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const links: Record<string, string> = {};
    const aliases: Record<string, string> = {};

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16');
      await runIdle(host, 'open', '--network', 'n', '--ip', open);
      await runIdle(host, 'closed', '--network', `name=n,ip=${closed},driver-opt=routed.ingress=none`);
      for (const name of ['open', 'closed']) {
        const endpointId = await inspect(host, name, '{{.NetworkSettings.Networks.n.EndpointID}}');
        links[name] = `vethr${endpointId.slice(0, 10)}`;
        aliases[name] = `routed:${endpointId}`;
      }
      await host.exec(['ip', 'link', 'add', 'br7', 'type', 'bridge']);
      await host.exec(['ip', 'link', 'set', 'br7', 'up']);
    });

    const damages: readonly [string, (link: string) => readonly (readonly string[])[]][] = [
      ['renames it', (link) => [['name', 'stranger', '--', link]]],
      ['takes its alias', (link) => [['alias', '', '--', link]]],
      ['gives it another one of ours', (link) => [['alias', `routed:${'d'.repeat(64)}`, '--', link]]],
      [
        'renames it and takes its alias',
        (link) => [
          ['alias', '', '--', link],
          ['name', 'stranger', '--', link],
        ],
      ],
      ['puts it into a bridge', (link) => [['master', 'br7', '--', link]]],
    ];
    for (const [what, commandsFor] of damages) {
      for (const name of ['open', 'closed'] as const) {
        it(`is undone for a container that is ${name} when somebody ${what}`, async () => {
          const { host } = stage;
          const link = links[name] ?? '';
          const script = commandsFor(link)
            .map((command) => {
              const [words, device = ''] = [command.slice(0, -2), command.at(-1)];
              return `ip link set dev ${device} ${words.map((word) => `'${word}'`).join(' ')}`;
            })
            .join(' && ');
          await host.exec(['sh', '-c', script]);
          const startedAt = performance.now();

          await eventually(async () => {
            const { stdout } = await host.exec(['ip', '-details', 'link', 'show', 'dev', link]);
            expect(stdout)
              .to.contain(`alias ${aliases[name] ?? ''}`)
              .and.not.to.contain('master');
            expect((await host.exec(['ip', 'route', 'get', name === 'open' ? open : closed])).stdout).to.contain(link);
          }, repairedWithinMs);
          console.log(`      undone after ${Math.round(performance.now() - startedAt)} ms`);

          if (name === 'open') await eventually(async () => expect((await ping(host, open)).exitCode).to.equal(0));
          const { stdout: filters } = await host.exec(['nft', 'list', 'set', 'inet', 'routed', 'filtered']);
          expect(filters).to.contain(links['closed']);
        });
      }
    }
  });
}

for (const engine of ENGINES_IN_FULL) {
  describe(`rules that somebody changes (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const ask = async (...argv: readonly string[]): Promise<string> =>
      (await stage.host.exec(['curl', '--silent', '--unix-socket', '/run/routed/admin.sock', ...argv])).stdout;

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', open);
    });

    it('are told in the events and in the metrics when they are made again', async () => {
      await stage.host.exec(['nft', 'flush', 'ruleset']);

      await eventually(async () => {
        const events = (await ask('http://routed/v1/events')).split('\n').filter((line) => line.includes('"repaired"'));
        expect(events.join('\n')).to.contain('rules that filter').and.contain('rules that accept forwarding');
        expect(await ask('http://routed/metrics')).to.match(/repairs_total\{kind="rules"\} [1-9]/);
      });
      expect((await ping(stage.host, open)).exitCode).to.equal(0);
    });

    it('are told in the events when it is an operator, with names and addresses', async () => {
      const json = ['--header', 'Content-Type: application/json', '--data', '{"ingress":"10.9.0.0/16"}'];
      await ask('--request', 'PUT', ...json, 'http://routed/v1/containers/web/ingress');

      const events = (await ask(`http://routed/v1/events?address=${open}`)).trim().split('\n');
      expect(JSON.parse(events.at(-1) ?? '')).to.deep.include({
        kind: 'filtered',
        addresses: [open],
        container: 'web',
        network: 'n',
        detail: 'an operator set the allow list: 10.9.0.0/16',
      });
    });
  });

  describe(`a route of somebody else that hides a container's (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const address6 = 'fd00:1::2';

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await runIdle(host, 'web', '--network', 'n', '--ip', open, '--ip6', address6);
      await host.exec(['ip', 'link', 'add', 'elsewhere', 'type', 'veth', 'peer', 'name', 'farther']);
      for (const link of ['farther', 'elsewhere']) await host.exec(['ip', 'link', 'set', link, 'up']);
    });

    const cases: readonly [string, string, readonly string[], RegExp][] = [
      [
        'stands in front of it',
        open,
        ['-4', 'route', 'prepend', `${open}/32`],
        /10\.1\.0\.2\/32 dev elsewhere proto 3/,
      ],
      [
        'has a better metric',
        address6,
        ['-6', 'route', 'add', `${address6}/128`, 'metric', '10'],
        /fd00:1::2\/128 dev elsewhere proto 3 metric 10/,
      ],
    ];
    for (const [what, address, command, expected] of cases) {
      it(`is told at once, and again when it is gone, where it ${what}`, async () => {
        const { host } = stage;
        const problems = async (): Promise<string> => {
          const { body } = await askAdmin(host, 'GET', '/v1/status');
          return (body as { readonly problems: readonly string[] }).problems.join();
        };
        const events = async (): Promise<string> => {
          const url = `http://routed/v1/events?address=${address}`;
          return (await host.exec(['curl', '--silent', '--unix-socket', '/run/routed/admin.sock', url])).stdout;
        };
        await host.exec(['ip', ...command, 'dev', 'elsewhere']);

        await eventually(async () => expect(await problems()).to.match(expected), repairedWithinMs);
        expect(await events())
          .to.contain('"hidden"')
          .and.match(expected);
        const [family = '', , , prefix = '', ...rest] = command;
        await host.exec(['ip', family, 'route', 'delete', prefix, ...rest, 'dev', 'elsewhere']);
        await eventually(async () => expect(await problems()).to.equal(''), repairedWithinMs);
        expect(await events()).to.contain('ended: ');
        expect((await ping(host, address)).exitCode).to.equal(0);
      });
    }
  });

  describe(`a gateway that another machine has (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const create = async (...options: readonly string[]): Promise<CommandResult> =>
      await stage.host.tryDocker(
        ...['network', 'create', '-d', 'routed', '--ipam-driver', 'routed', ...options, 'with-gateway'],
      );
    const addressOf = (host: Host): string => host.address?.split('/')[0] ?? '';
    let neighbour: Host;
    let neighbourMac: string;

    before(async function () {
      this.timeout(300_000);
      neighbour = await stage.lab.addHost({ engine: 'none' });
      await neighbour.exec(['ip', 'address', 'add', 'fd00:99::2/64', 'dev', 'eth1', 'nodad']);
      await stage.host.exec(['ip', 'address', 'add', 'fd00:99::1/64', 'dev', 'eth1', 'nodad']);
      neighbourMac = (await neighbour.exec(['cat', '/sys/class/net/eth1/address'])).stdout.trim();
    });

    afterEach(() => stage.host.tryDocker('network', 'rm', 'with-gateway'));

    it('is refused, with its option, its address and who answers for it', async () => {
      const there = addressOf(neighbour);
      for (const [options, name, gateway] of [
        [['--subnet', '10.1.0.0/16', '-o', `routed.gateway=${there}`], 'driver option routed.gateway', there],
        [
          ['--subnet', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64', '-o', 'routed.gateway=fd00:99::2'],
          'driver option routed.gateway',
          'fd00:99::2',
        ],
      ] as const) {
        const { exitCode, stderr } = await create(...options);

        expect(exitCode).to.equal(1);
        expect(stderr).to.contain(`${name}=${gateway}: another machine has ${gateway}`);
        expect(stderr).to.contain(`MAC address ${neighbourMac} answers on link eth1`);
        expect((await stage.host.exec(['ip', '-o', 'address'])).stdout).not.to.contain(`${gateway}/`);
        expect((await ping(stage.host, gateway)).exitCode, 'the other machine is reached').to.equal(0);
      }
    });

    it('is none that nobody has, and none of the host itself', async () => {
      for (const gateway of ['10.112.11.250', addressOf(stage.host)]) {
        const startedAt = performance.now();
        const { exitCode, stderr } = await create('--subnet', '10.1.0.0/16', '-o', `routed.gateway=${gateway}`);
        console.log(`      ${gateway}: made after ${Math.round(performance.now() - startedAt)} ms`);

        expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
        await stage.host.docker('network', 'rm', 'with-gateway');
      }
    });
  });
}
