import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { bySh, type Fault } from './fault.ts';
import type { ExaminedHost } from './examined-host.ts';

const daemonJson = '/etc/docker/daemon.json';
const otherSocket = '/run/other-docker.sock';
let server: Server | undefined;

/** What Docker would say of itself if it were another release, or were set up otherwise. */
function disguise(said: Readonly<Record<string, unknown>>): Pick<Fault, 'break' | 'revert' | 'options'> {
  return {
    options: `--docker-socket ${otherSocket}`,
    break: async ({ host }: ExaminedHost): Promise<void> => {
      server ??= await listen(host.outsidePath(otherSocket), host.outsidePath('/run/docker.sock'), said);
    },
    revert: async () => {
      const closing = server;
      server = undefined;
      await new Promise((resolve) => (closing === undefined ? resolve(undefined) : closing.close(resolve)));
    },
  };
}

async function listen(path: string, engine: string, said: Readonly<Record<string, unknown>>): Promise<Server> {
  const made = createServer((asked, answer) => {
    const passed = request({ socketPath: engine, path: asked.url, method: asked.method, agent: false }, (reply) => {
      void text(reply).then((body) => {
        const isInfo = asked.url?.endsWith('/info') === true;
        answer.writeHead(reply.statusCode ?? 500, { 'content-type': 'application/json', connection: 'close' });
        answer.end(isInfo ? JSON.stringify({ ...(JSON.parse(body) as object), ...said }) : body);
      });
    });
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => made.listen(path, resolve));
  return made;
}

/** A managed plugin that only has a name. */
async function createManagedPlugin({ host }: ExaminedHost): Promise<void> {
  const config = {
    description: 'another network driver',
    entrypoint: ['/driver'],
    interface: { types: ['docker.networkdriver/1.0'], socket: 'driver.sock' },
    network: { type: 'host' },
  };
  await host.exec(['mkdir', '-p', '/tmp/managed-plugin/rootfs']);
  await writeFile(host.outsidePath('/tmp/managed-plugin/config.json'), JSON.stringify(config));
  await host.tryDocker('plugin', 'create', 'net-routed', '/tmp/managed-plugin');
}

/** With a gateway of its own: that of the plugin is on the host already. */
const crossedNetwork = [
  ...['--driver', 'bridge', '--ipam-driver', 'routed', '--subnet', '10.99.7.0/24', '--gateway', '10.99.7.1', 'crossed'],
];

const anotherDocker = disguise({
  ServerVersion: '29.1.0',
  LiveRestoreEnabled: true,
  SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'],
});

/** Docker itself. */
export const engineFaults: readonly Fault[] = [
  {
    check: 'engine-version',
    round: 'broken',
    what: 'a Docker that is too old',
    severity: 'broken',
    found: /^Docker is 19\.03\.15$/,
    why: /^before 20\.10 container options do not reach the plugin/,
    remedy: /^install Docker 20\.10 or newer/,
    ...disguise({ ServerVersion: '19.03.15' }),
  },
  {
    check: 'engine-version',
    round: 'another Docker',
    what: 'a rootless Docker',
    severity: 'broken',
    found: /^Docker runs in rootless mode$/,
    why: /separate network namespace/,
    remedy: /an engine that runs as root$/,
    ...anotherDocker,
  },
  bySh({
    check: 'engine-firewall',
    round: 'warnings',
    what: 'a Docker that is to use nftables',
    severity: 'note',
    found: /^Docker writes its firewall with nftables$/,
    why: /there is no chain DOCKER-USER, and dockerd starts only where forwarding is on$/,
    remedy: /^start routed-plugin before Docker/,
    breaking: `mkdir -p /etc/docker; echo '{"firewall-backend": "nftables"}' > ${daemonJson}`,
    reverting: `rm ${daemonJson}`,
  }),
  {
    check: 'foreign-networks',
    round: 'warnings',
    what: 'a bridge with addresses of routed',
    severity: 'broken',
    found: /^network crossed has --ipam-driver routed and --driver bridge$/,
    why: /^containers on it cannot start/,
    remedy: /"docker network rm crossed"/,
    break: ({ host }) => host.docker('network', 'create', ...crossedNetwork),
    revert: ({ host }) => host.docker('network', 'rm', 'crossed'),
  },
  bySh({
    check: 'engine-firewall',
    round: 'notes',
    what: 'a Docker that is to leave the firewall alone',
    severity: 'note',
    found: /^Docker leaves the firewall alone \("iptables": false\)$/,
    why: /there is no chain DOCKER-USER/,
    remedy: /^nothing, if/,
    breaking: `mkdir -p /etc/docker; echo '{"iptables": false}' > ${daemonJson}`,
    reverting: `rm ${daemonJson}`,
  }),
  {
    check: 'engine-habits',
    round: 'another Docker',
    what: 'live-restore of a Docker that forgets its endpoints',
    severity: 'warning',
    found: /^live-restore with Docker 29\.1\.0$/,
    why: /"endpoint not found"/,
    remedy: /^restart the container after such a failure/,
    ...anotherDocker,
  },
  {
    check: 'plugin-name',
    round: 'broken',
    what: 'a managed plugin that has our name',
    severity: 'broken',
    found: /^Docker has a managed plugin net-routed:latest \(disabled\)$/,
    why: /^Docker prefers it/,
    remedy: /"docker plugin rm net-routed:latest"/,
    break: (examined) => createManagedPlugin(examined),
    revert: async ({ host }: ExaminedHost): Promise<void> => {
      await host.docker('plugin', 'rm', 'net-routed:latest');
      await host.exec(['rm', '-r', '/tmp/managed-plugin']);
    },
  },
];

/** Ends the containers as well: last of all. */
export const engineDeaths: readonly Fault[] = [
  {
    check: 'engine',
    what: 'a Docker that has died',
    severity: 'broken',
    found: /^Docker does not answer at \/var\/run\/docker\.sock$/,
    why: /^no container can start/,
    remedy: /^start Docker/,
    break: ({ host }) => host.stopEngine('SIGKILL'),
    revert: async ({ host }: ExaminedHost): Promise<void> => {
      await host.startEngine();
      await host.docker('start', 'web');
    },
  },
];
