/**
 * Prints what filters cost: setting one beside many others, and traffic through one. As root, with iperf3; a few minutes.
 * Run: npx tsx packages/netfilter/bench/filters.bench.ts [changes | traffic [ROUNDS]]
 */
import { Console } from 'node:console';
import { execFile } from 'node:child_process';
import { openNfnetlink } from '@routed/netns/nfnetlink';
import { createEndpointFilters, createForwardAcceptance, type EndpointFilters, parseAllowList } from '../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../test/support/namespace.ts';
import { type FilterStage, LINK, openFilterStage, RULES } from '../test/support/stage.ts';
import { until } from '../test/support/until.ts';

const console = new Console(process.stdout);
const part = process.argv[2];
const repetitions = 50;
const rounds = Number(process.argv[3] ?? 20);
const secondsPerRound = 1;

const linkName = (number: number): string => `vethr${number.toString(16).padStart(10, 'f')}`;
const twentySources = (number: number): string =>
  Array.from({ length: 20 }, (_, i) => `10.${100 + i}.${number & 255}.0/24`).join();

/** Both directions. */
function set(filters: EndpointFilters, link: string, list: string): Promise<void> {
  const [ingress, egress] = [parseAllowList(list), parseAllowList(list, 'egress')];
  return filters.set({ link, addresses: ['10.1.0.2', 'fd00:1::2'], ingress, egress, spoof: 'strict' });
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(2);
  return `p10 ${at(0.1)}  p50 ${at(0.5)}  p90 ${at(0.9)}  max ${at(1)}`;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** What setting and removing a filter of 20 sources takes beside `others` such filters. */
async function measureChanges(filters: EndpointFilters, others: number): Promise<void> {
  for (let number = 0; number < others; number++) await set(filters, linkName(number), twentySources(number));
  const setting: number[] = [];
  const removing: number[] = [];
  for (let round = 0; round < repetitions; round++) {
    setting.push(await timed(() => set(filters, LINK, twentySources(round))));
    removing.push(await timed(() => filters.remove(LINK)));
  }
  console.log(`beside ${others} filters, ms: set ${spread(setting)} | remove ${spread(removing)}`);
}

async function measureLongList(filters: EndpointFilters): Promise<void> {
  const text = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.7`).join();
  const parsing = await timed(() => Promise.resolve(void parseAllowList(text)));
  const setting = await timed(() => set(filters, LINK, text));
  const removing = await timed(() => filters.remove(LINK));
  const numbers = [parsing, setting, removing].map((ms) => ms.toFixed(0));
  console.log(`a list of 10,000 sources, ms: parse ${numbers[0]} | set ${numbers[1]} | remove ${numbers[2]}`);
}

interface IperfReport {
  readonly end: {
    readonly sum?: { readonly packets: number; readonly lost_packets: number; readonly seconds: number };
    readonly sum_received?: { readonly bytes: number; readonly seconds: number };
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number };
  };
}

/** What was carried in a second, and in a second of processor time: the latter counts on a machine that others use too. */
interface Carried {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

async function iperf(client: ProgramNamespace, ...more: readonly string[]): Promise<IperfReport['end']> {
  const output = await client.sh(`iperf3 -J -c 10.1.0.2 -t ${secondsPerRound} ${more.join(' ')}`);
  return (JSON.parse(output) as IperfReport).end;
}

const carriers = {
  'Gbit TCP': async (client: ProgramNamespace): Promise<Carried> => {
    const { sum_received: sum, cpu_utilization_percent: cpu } = await iperf(client);
    return carried(((sum?.bytes ?? 0) * 8) / 1e9, sum?.seconds ?? 1, cpu);
  },
  'kpackets UDP of 64 bytes': async (client: ProgramNamespace): Promise<Carried> => {
    const { sum, cpu_utilization_percent: cpu } = await iperf(client, '-u', '-b', '0', '-l', '64');
    return carried(((sum?.packets ?? 0) - (sum?.lost_packets ?? 0)) / 1e3, sum?.seconds ?? 1, cpu);
  },
};

/** Packets of a veth are forwarded in the time of who sends them, so that the processes' time is that of the filters too. */
function carried(amount: number, seconds: number, cpu: IperfReport['end']['cpu_utilization_percent']): Carried {
  const cpuSeconds = ((cpu.host_total + cpu.remote_total) / 100) * seconds;
  return { perSecond: amount / seconds, perCpuSecond: amount / cpuSeconds };
}

/** Alternates between an endpoint without and with a filter, so that both meet the same noise. */
async function measureTraffic(): Promise<void> {
  const stage = await openFilterStage();
  const server = execFile('nsenter', ['--net', '-t', String(stage.one.pid), 'iperf3', '-s']);
  try {
    // Connection tracking is on in both cases, as it is on every host with Docker.
    const deps = { run: (argv: readonly [string, ...string[]], input?: string) => stage.host.run(argv, input) };
    await createForwardAcceptance({ ...deps, uplinks: () => Promise.resolve(['eth0']) }, RULES).ensure();
    await until(async () => (await stage.one.run(['ss', '-Hltn', 'sport', '=', ':5201']))?.stdout !== '', 'iperf3');
    for (const [what, carry] of Object.entries(carriers)) await compare(stage, what, carry);
  } finally {
    server.kill();
    await stage.close();
  }
}

async function compare(
  { client, filters }: FilterStage,
  what: string,
  carry: (client: ProgramNamespace) => Promise<Carried>,
): Promise<void> {
  const plain: Carried[] = [];
  const filtered: Carried[] = [];
  for (let round = 0; round < rounds; round++) {
    await filters.clear();
    plain.push(await carry(client));
    for (let number = 0; number < 1000; number++) await set(filters, linkName(number), twentySources(number));
    await set(filters, LINK, `${twentySources(0)},10.9.0.0/16`);
    filtered.push(await carry(client));
  }
  for (const unit of ['perSecond', 'perCpuSecond'] as const) {
    console.log(`${what} ${unit}, unfiltered: ${spread(plain.map((each) => each[unit]))}`);
    console.log(`${what} ${unit},   filtered: ${spread(filtered.map((each) => each[unit]))}`);
    const ratios = filtered.map((each, i) => each[unit] / (plain[i]?.[unit] ?? 1));
    console.log(`${what} ${unit},      ratio: ${spread(ratios)}`);
  }
}

async function measureAllChanges(): Promise<void> {
  const namespace = await openProgramNamespace();
  const nfnetlink = await openNfnetlink({ netns: namespace.netns });
  for (const others of [0, 1000, 5000]) {
    const filters = createEndpointFilters({ nfnetlink, run: (argv, input) => namespace.run(argv, input) }, RULES);
    await filters.ensure();
    await measureChanges(filters, others);
    if (others === 0) await measureLongList(filters);
    await filters.clear();
  }
  await nfnetlink.close();
  await namespace.close();
}

if (part !== 'traffic') await measureAllChanges();
if (part !== 'changes') await measureTraffic();
