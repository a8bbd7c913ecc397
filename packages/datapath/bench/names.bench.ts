/**
 * Prints what names in lists cost: the first connection to one, and the event loop under many answers. As root; two minutes.
 * Run: npx tsx packages/datapath/bench/names.bench.ts
 */
import { Console } from 'node:console';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openPacketQueue, parseAllowList } from '@routed/netfilter';
import { type FilterStage, LINK, openFilterStage } from '../../netfilter/test/support/stage.ts';
import { NamedDestinations } from '../src/endpoint/named-destinations.ts';

const console = new Console(process.stdout);
const support = `${import.meta.dirname}/../../netfilter/test/support`;
const SERVER = '10.9.0.2';
const rounds = 5;
const perRound = 100;

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

async function serveDns(stage: FilterStage): Promise<ChildProcess> {
  const argv = ['--net', '-t', String(stage.client.pid), 'perl', `${support}/dns-server.pl`];
  const server = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return server;
}

async function ask(stage: FilterStage, ...args: readonly string[]): Promise<string[]> {
  const client = spawn('nsenter', ['--net', '-t', String(stage.one.pid), 'perl', `${support}/dns-client.pl`, ...args]);
  let output = '';
  client.stdout.on('data', (data: Buffer) => (output += data.toString()));
  client.stderr.pipe(process.stderr);
  await once(client, 'close');
  return output.trim().split('\n');
}

async function limit(stage: FilterStage, names: NamedDestinations, text: string): Promise<void> {
  const egress = parseAllowList(`${text} ${SERVER}:53/udp`, 'egress');
  await names.set(LINK, egress.names ?? []);
  await stage.filters.set({ link: LINK, addresses: ['10.1.0.2', 'fd00:1::2'], spoof: 'allow', egress });
}

async function measureConnections(stage: FilterStage, names: NamedDestinations): Promise<void> {
  const times: Record<string, number[]> = { '203.0.0.0/16:80': [], '*.example.org:80': [] };
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [list, found] of Object.entries(times)) {
      await limit(stage, names, list);
      const lines = await ask(stage, 'connect', SERVER, String(perRound));
      const connected = lines.filter((line) => !line.startsWith('refused'));
      refused += lines.length - connected.length;
      found.push(...connected.map(Number));
    }
  }
  for (const [list, found] of Object.entries(times)) {
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((part) => (percentile(found, part) / 1000).toFixed(2));
    console.log(`question, answer, connection with ${list}, ms: p50 ${p50} p90 ${p90} p99 ${p99} (${found.length})`);
  }
  console.log(`refused: ${refused}`);
}

async function measureFlood(stage: FilterStage, names: NamedDestinations, rate: number): Promise<void> {
  await limit(stage, names, '10.0.0.0/8');
  await limit(stage, names, '*.example.org:80');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  delay.enable();
  const count = rate * 5;
  const startedAt = performance.now();
  const [answered = ''] = await ask(stage, 'flood', SERVER, String(count), String(rate));
  delay.disable();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const status = await names.status();
  console.log(
    `${rate} answers a second: ${answered} of ${count} in ${seconds.toFixed(1)} s, event loop delay ms p50 ${ms(delay.percentile(50))} ` +
      `p99 ${ms(delay.percentile(99))} max ${ms(delay.max)}, processor ${((user + system) / 10_000 / seconds).toFixed(0)} %, ` +
      `lost ${status?.lost}, closed ${status?.counters.closed}`,
  );
}

/** Lists of ten names for as many others: what they take in memory, and what many answers cost beside them. */
async function measureAmong(stage: FilterStage, names: NamedDestinations, others: number): Promise<void> {
  const [memory, cpu, startedAt] = [process.memoryUsage(), process.cpuUsage(), performance.now()];
  for (let number = 0; number < others; number++) {
    const link = `vethr${number.toString(16).padStart(10, 'f')}`;
    const text = Array.from({ length: 10 }, (_, index) => `host${index}.site${number}.example.com:443`).join(' ');
    const egress = parseAllowList(text, 'egress');
    await names.set(link, egress.names ?? []);
    await stage.filters.set({ link, addresses: [`10.2.${number >> 8}.${number & 255}`], spoof: 'allow', egress });
  }
  const { user, system } = process.cpuUsage(cpu);
  const { rss, heapUsed } = process.memoryUsage();
  console.log(
    `${others * 10} names of ${others} containers: ${mb(rss - memory.rss)} MB more resident, ${mb(heapUsed - memory.heapUsed)} MB of heap with ` +
      `garbage, set in ${((performance.now() - startedAt) / 1000).toFixed(1)} s, processor ${((user + system) / 1000 / others).toFixed(2)} ms a container`,
  );
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function ms(nanoseconds: number): string {
  return (nanoseconds / 1e6).toFixed(2);
}

const stage = await openFilterStage();
const rtnl = await stage.host.netns.openRtnl();
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const names = new NamedDestinations({
  filters: stage.filters,
  rtnl,
  logger,
  openQueue: (options) => openPacketQueue({ ...options, netns: stage.host.netns }),
});
await stage.client.sh('sysctl -qw net.core.somaxconn=4096; ip route add local 203.0.0.0/16 dev lo');
await stage.host.sh('ip route add 203.0.0.0/16 via 10.9.0.2');
const server = await serveDns(stage);
try {
  await measureConnections(stage, names);
  for (const rate of [500, 2_000]) await measureFlood(stage, names, rate);
  await measureAmong(stage, names, 1_000);
  await measureFlood(stage, names, 2_000);
} finally {
  server.kill();
  await names.close();
  await rtnl.close();
  await stage.close();
}
