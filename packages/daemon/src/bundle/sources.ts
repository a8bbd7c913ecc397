import { UNANNOUNCED_TABLE, ROUTE_PROTOCOL } from '@routed/datapath';
import { askUnixServer } from '@routed/docker-engine/unix-http';
import { openNetns } from '@routed/netns';
import { DAEMONS, type DaemonName, openDaemons } from '@routed/quagga';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { VERSION } from '../version.ts';
import { runLong } from './run-long.ts';

/** Where things are on this host. */
export interface BundlePlaces {
  readonly adminSocket: string;
  readonly dockerSocket: string;
  readonly routerDir: string;
}

/** A file of the bundle, and where its text comes from; rejects when there is nothing to be had. */
export interface Source {
  readonly name: string;
  readonly read: () => Promise<string>;
}

const ANSWER_MS = 10_000;
const LOG_LINES = '5000';
/** What routers are asked. A daemon that does not know a command says so. */
const QUESTIONS = [
  'show version',
  'show running-config',
  'show ip ospf neighbor',
  'show ipv6 ospf6 neighbor',
  'show bgp summary',
  'show ip ospf',
  'show zebra client summary',
] as const;

/** Everything that support asks for first. */
export function sourcesOf(places: BundlePlaces): readonly Source[] {
  const own = (...words: string[]): (() => Promise<string>) => {
    return () => runLong([process.execPath, ...process.execArgv, process.argv[1] ?? '', ...words]);
  };
  const admin = ['--admin-socket', places.adminSocket];
  const docker = ['--docker-socket', places.dockerSocket];
  return [
    { name: 'versions.txt', read: versions },
    { name: 'status.json', read: own('status', '--json', ...admin) },
    { name: 'doctor.json', read: own('doctor', '--json', ...admin, ...docker) },
    { name: 'events.jsonl', read: own('events', '--json', ...admin) },
    { name: 'refused.jsonl', read: own('events', '--refused', '--json', ...admin) },
    { name: 'metrics.txt', read: () => metricsText(places.adminSocket) },
    { name: 'docker/version.json', read: () => askJson(places.dockerSocket, '/version') },
    { name: 'docker/networks.json', read: () => askJson(places.dockerSocket, '/networks') },
    { name: 'options/defaults.txt', read: () => readFile('/etc/default/routed', 'utf8') },
    { name: 'options/unit.txt', read: () => runLong(['systemctl', 'cat', 'routed.service', 'routed.socket']) },
    { name: 'options/process.txt', read: () => processOptions(places.adminSocket) },
    { name: 'kernel/network.json', read: kernelView },
    { name: 'kernel/nft-routed.txt', read: () => runLong(['nft', '--handle', 'list', 'table', 'inet', 'routed']) },
    { name: 'kernel/nft-routed-arp.txt', read: () => runLong(['nft', 'list', 'table', 'arp', 'routed']) },
    { name: 'kernel/nft-routed-marks.txt', read: () => runLong(['nft', 'list', 'table', 'inet', 'routed_marks']) },
    { name: 'kernel/iptables.txt', read: () => runLong(['iptables', '--wait', '--list-rules']) },
    { name: 'kernel/ip6tables.txt', read: () => runLong(['ip6tables', '--wait', '--list-rules']) },
    ...DAEMONS.map((daemon) => ({
      name: `router/${daemon}.txt`,
      read: () => askRouter(places.routerDir, daemon),
    })),
    { name: 'logs/routed.txt', read: () => journal('routed.service') },
    { name: 'logs/docker.txt', read: () => journal('docker.service') },
    { name: 'logs/frr.txt', read: () => journal('frr.service') },
  ];
}

async function versions(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const kernel = await readFile('/proc/version', 'utf8');
  return [`routed-plugin ${VERSION}`, `node ${process.version} ${process.arch}`, kernel.trim(), release].join('\n');
}

async function askJson(socketPath: string, path: string): Promise<string> {
  const { status, body } = await askUnixServer({ socketPath, method: 'GET', path, timeoutMs: ANSWER_MS });
  if (body === undefined) throw new Error(`${socketPath} answered ${path} with ${status}`);
  return JSON.stringify(body, null, 1);
}

/** In Prometheus' text format. */
async function metricsText(socketPath: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const call = get({ socketPath, path: '/metrics', timeout: ANSWER_MS, agent: false }, (reply) => {
      text(reply).then(resolve, reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
    call.on('error', reject);
  });
}

/** How the daemon that runs was started; of its environment only what is ours. */
async function processOptions(adminSocket: string): Promise<string> {
  const { body } = await askUnixServer({
    socketPath: adminSocket,
    method: 'GET',
    path: '/v1/status',
    timeoutMs: ANSWER_MS,
  });
  const pid = (body as { readonly pid?: number }).pid ?? 0;
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').filter((word) => word !== '');
  const own = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter((line) => line.startsWith('ROUTED_'));
  return [words.join(' '), ...own, ''].join('\n');
}

/** Links, addresses, rules, and those routes that are ours or lead everywhere. */
async function kernelView(): Promise<string> {
  await using netns = await openNetns('current');
  await using rtnl = await netns.openRtnl({ lanes: 1 });
  const routes = await rtnl.routes.list();
  const view = {
    links: await rtnl.links.list(),
    addresses: await rtnl.addresses.list(),
    rules: await rtnl.rules.list(),
    routes: routes.filter(
      ({ protocol, table, destination }) =>
        protocol === ROUTE_PROTOCOL || table === UNANNOUNCED_TABLE || destination.endsWith('/0'),
    ),
    otherRoutes: routes.length,
  };
  return JSON.stringify(view, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 1);
}

async function askRouter(directory: string, daemon: DaemonName): Promise<string> {
  await using lines = await openDaemons(directory, { deadlineMs: ANSWER_MS }, [daemon]);
  const line = lines.get(daemon);
  if (line === undefined) throw new Error(`${daemon} does not run in ${directory}`);
  const answers: string[] = [];
  for (const question of QUESTIONS) answers.push(`# ${question}\n${(await line.command(question)).text}`);
  return answers.join('\n');
}

async function journal(unit: string): Promise<string> {
  return await runLong(['journalctl', '--unit', unit, '--lines', LOG_LINES, '--output', 'short-iso', '--no-pager']);
}
