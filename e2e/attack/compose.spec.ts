import { prepareCompose, type CommandResult } from '@routed/lab';
import { expect } from 'chai';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf } from '../support/addresses.ts';
import { askAdmin } from '../support/admin.ts';
import { ping } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { containerLinks, containerRoutes } from '../support/kernel.ts';
import { setStage } from '../support/stage.ts';
import { count, report } from './support/count.ts';

const ROUNDS = count(3, 20);
/** When the plugin is killed: once in each three rounds while it goes up, once while it goes down. */
const KILLS = ['none', 'up', 'down'] as const;
const FILE = '/run/loop/docker-compose.yml';
const ADMIN_SOCKET = '/run/routed/admin.sock';
const LEFT = /vethr[0-9a-f]{10}|10\.1\.0\.|fd00:1:/;
/** What limits the log of refused packets goes by itself half a minute after the last one. */
const BY_ITSELF = / limit rate .* expires /;
const FIXED = ['10.1.0.2', '10.1.0.3', '10.1.0.4', 'fd00:1::2', 'fd00:1::7'];
const PROJECT = `
services:
  web:
    image: alpine
    command: sh -c 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
    networks:
      apps:
        ipv4_address: 10.1.0.2
        ipv6_address: fd00:1::2
        driver_opts:
          routed.addresses: 10.1.0.3 10.1.0.4 fd00:1::7
          routed.ingress: 10.0.0.0/8 fd00:1::/64
  client:
    image: alpine
    command: sh -c 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
    depends_on: [web]
    networks: [apps]
networks:
  apps:
    driver: routed
    enable_ipv6: true
    ipam:
      driver: routed
      config: [{ subnet: 10.1.0.0/16 }, { subnet: 'fd00:1::/64' }]
`;

interface DaemonReport {
  readonly networks: readonly unknown[];
  readonly endpoints: readonly unknown[];
}

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: Compose that goes up and down while the plugin is killed', () => {
    const stage = setStage();
    let client: string;

    before(async () => {
      client = await prepareCompose(console.log);
      const outside = stage.host.outsidePath(FILE);
      await mkdir(dirname(outside), { recursive: true });
      await writeFile(outside, PROJECT);
    });

    const compose = (...args: readonly string[]): Promise<CommandResult> =>
      stage.host.exec([client, '--file', FILE, ...args], { check: false });

    /** The addresses of a service, without prefix lengths; Compose names containers after folder and service. */
    const addresses = async (service: string): Promise<string[]> =>
      (await addressesOf(stage.host, `loop-${service}-1`)).map((address) => address.replace(/\/.*/, ''));

    /** What is left of containers and networks, wherever the plugin has any. */
    async function left(): Promise<object> {
      const { host } = stage;
      const { networks, endpoints } = (await askAdmin(host, 'GET', '/v1/status')).body as DaemonReport;
      const { stdout: metrics } = await host.exec([
        'curl',
        '-sf',
        '--unix-socket',
        ADMIN_SOCKET,
        'http://routed/metrics',
      ]);
      const { stdout: rules } = await host.exec(['sh', '-c', 'nft list ruleset; iptables-save']);
      const { stdout: lo } = await host.exec(['ip', '-o', 'address', 'show', 'dev', 'lo']);
      return {
        containers: await host.docker('ps', '--all', '--quiet'),
        links: (await containerLinks(host)).map(({ ifname }) => ifname),
        routes: (await containerRoutes(host)).map(({ dst }) => dst),
        rules: rules.split('\n').filter((line) => LEFT.test(line) && !BY_ITSELF.test(line)),
        gateways: lo.split('\n').filter((line) => / inet6? (?!127\.|::1)/.test(line)),
        networks,
        endpoints,
        pools: metrics.split('\n').filter((line) => line.startsWith('routed_pool_leases{')),
      };
    }
    const NOTHING = {
      containers: '',
      links: [],
      routes: [],
      rules: [],
      gateways: [],
      networks: [],
      endpoints: [],
      pools: [],
    };

    /** Runs a command of Compose and has the plugin die and come back meanwhile; one that fails is typed again. */
    async function run(args: readonly string[], killAfterMs?: number): Promise<number> {
      const typed = compose(...args);
      if (killAfterMs !== undefined) {
        await sleep(killAfterMs);
        await stage.plugin.stop('SIGKILL');
        stage.plugin = await stage.host.startPlugin();
      }
      let failed = 0;
      let result = await typed;
      for (; result.exitCode !== 0 && killAfterMs !== undefined && failed < 3; failed++)
        result = await compose(...args);
      expect(result.exitCode, `${args.join(' ')}: ${result.stderr}`).to.equal(0);
      return failed;
    }

    async function expectAsAsked(): Promise<string[]> {
      await eventually(async () => expect(await addresses('web')).to.have.members(FIXED));
      const automatic = await addresses('client');
      expect(automatic, 'automatic').to.have.lengthOf(2);
      expect(automatic.find((address) => address.startsWith('10.1.'))).to.not.equal(undefined);
      expect(automatic.find((address) => address.startsWith('fd00:1::'))).to.not.equal(undefined);
      expect(FIXED.filter((address) => automatic.includes(address))).to.deep.equal([]);
      for (const address of FIXED) {
        expect((await ping(stage.host, address, 'loop-client-1')).exitCode, `ping ${address}`).to.equal(0);
      }
      return automatic;
    }

    it(`leaves nothing, and gives what the file asks for: ${ROUNDS} rounds`, async function () {
      this.timeout(900_000);
      expect(await left(), 'before').to.deep.equal(NOTHING);
      let [kills, failures, longest] = [0, 0, 0];
      for (let round = 0; round < ROUNDS; round++) {
        const kill = KILLS[round % KILLS.length];
        const killAfterMs = 150 + ((round * 397) % 1_500);
        if (kill !== 'none') kills++;
        failures += await run(['up', '--detach'], kill === 'up' ? killAfterMs : undefined);
        await expectAsAsked();
        if (round === 0) {
          const held = await left();
          for (const [what, nothing] of Object.entries(NOTHING)) {
            expect((held as Record<string, unknown>)[what], `control: ${what}`).to.not.deep.equal(nothing);
          }
        }
        failures += await run(['down', '--timeout', '2'], kill === 'down' ? killAfterMs : undefined);
        const startedAt = performance.now();
        await eventually(
          async () => expect(await left(), `round ${round}, kill: ${String(kill)}`).to.deep.equal(NOTHING),
          30_000,
        );
        longest = Math.max(longest, performance.now() - startedAt);
      }
      report(
        `Compose: ${ROUNDS} rounds, ${kills} kills of the plugin, ${failures} commands typed again, 0 left ` +
          `(after ${Math.round(longest)} ms at most); control: links, routes, rules, gateways, records, leases while it is up`,
      );
    });
  });
}
