import { join } from 'node:path';
import type { HostReader } from './host-reader.ts';
import {
  type ConfigTree,
  daemonsSwitchedOff,
  type DaemonName,
  isQuaggaError,
  mergeTrees,
  openDaemons,
  readRunning,
  type RunningConfig,
  type VtyConnection,
} from '@routed/quagga';

/** A routing daemon that has been started. */
export interface RouterDaemon {
  readonly name: DaemonName;
  /** It answers. False otherwise: its socket is there, and nobody listens, or it hangs. */
  readonly isRunning: boolean;
  /** It listens, and does not answer. */
  readonly isHung?: true;
  readonly pid?: number;
  /** Clock ticks after boot, as the kernel counts them; absent: unknown. */
  readonly startedTicks?: number;
  readonly commandLine: readonly string[];
}

/** The routing daemons of this host: FRR's or Quagga's. */
export interface RouterFacts {
  readonly directory: string;
  readonly daemons: readonly RouterDaemon[];
  /** What all of them say their configuration is. */
  readonly config: ConfigTree;
  /** Replies to the commands of {@link QUESTIONS}, of those that run. */
  readonly replies: ReadonlyMap<Question, string>;
}

/** Commands whose replies the checks look at, by the daemon that knows. */
export const QUESTIONS = {
  'show ip ospf neighbor': 'ospfd',
  'show ip ospf': 'ospfd',
  'show ip ospf interface': 'ospfd',
  'show ipv6 ospf6 neighbor': 'ospf6d',
  'show ipv6 ospf6': 'ospf6d',
  'show bgp summary': 'bgpd',
  'show ip bgp summary': 'bgpd',
  'show ip route kernel': 'zebra',
  'show ipv6 route kernel': 'zebra',
} as const satisfies Readonly<Record<string, DaemonName>>;
export type Question = keyof typeof QUESTIONS;

/** The others are long with many containers: the check that needs them asks. */
const ASKED_AT_ONCE = (Object.keys(QUESTIONS) as Question[]).filter((question) => QUESTIONS[question] !== 'zebra');

/** The daemon does not know the command, or does not carry it out. */
const REFUSED = 2;

const DAEMONS: readonly DaemonName[] = ['zebra', 'ospfd', 'ospf6d', 'bgpd'];

/** Undefined when neither FRR nor Quagga has been started here. */
export async function readRouters(host: HostReader): Promise<RouterFacts | undefined> {
  for (const directory of host.paths.routerDirs) {
    const names = await host.list(directory);
    const found = DAEMONS.filter((name) => names.includes(`${name}.vty`));
    if (found.length > 0) return await readSuite(host, directory, found);
  }
  return undefined;
}

/** Where FRR has its file, by where it has its sockets. */
const CONFIG_DIRS: Readonly<Record<string, string>> = { '/run/frr': '/etc/frr', '/var/run/frr': '/etc/frr' };

/** The folder of FRR's files; undefined for Quagga, and for a router whose sockets are elsewhere. */
export function configDirOf(directory: string | undefined): string | undefined {
  return CONFIG_DIRS[directory ?? ''];
}

/** A daemon that takes longer hangs. */
const DEADLINE_MS = 5_000;

/** What a daemon says now; empty where it does not run, or does not know the command. */
export async function askRouter(directory: string, question: Question): Promise<string> {
  await using lines = await openDaemons(directory, { deadlineMs: DEADLINE_MS }, [QUESTIONS[question]]);
  return (await replyOf(lines.get(QUESTIONS[question]), question)) ?? '';
}

async function readSuite(host: HostReader, directory: string, found: readonly DaemonName[]): Promise<RouterFacts> {
  const interviews = await Promise.all(
    found.map(async (name) => ({
      name,
      process: await readProcess(host, join(directory, `${name}.pid`)),
      ...(await interview(directory, name)),
    })),
  );
  const file = await host.file(join(configDirOf(directory) ?? directory, 'daemons'));
  const off = new Set(daemonsSwitchedOff(file ?? ''));
  return {
    directory,
    // A daemon leaves its socket behind when it ends: one that is switched off is not dead.
    daemons: interviews
      .filter(({ name, state }) => state.isRunning || state.isHung === true || !off.has(name))
      .map(({ name, process, state }) => ({ name, ...state, ...process })),
    config: mergeTrees(interviews.flatMap(({ config }) => [...config.values()])),
    replies: new Map(interviews.flatMap(({ replies }) => [...replies])),
  };
}

interface Interview {
  readonly state: Pick<RouterDaemon, 'isRunning' | 'isHung'>;
  readonly config: RunningConfig;
  readonly replies: ReadonlyMap<Question, string>;
}

/** Asks one daemon. One that hangs says nothing, and keeps nobody from asking the others. */
async function interview(directory: string, name: DaemonName): Promise<Interview> {
  const nothing = { config: new Map(), replies: new Map() };
  try {
    await using lines = await openDaemons(directory, { deadlineMs: DEADLINE_MS }, [name]);
    const replies = new Map<Question, string>();
    for (const question of ASKED_AT_ONCE.filter((one) => QUESTIONS[one] === name)) {
      const reply = await replyOf(lines.get(name), question);
      if (reply !== undefined) replies.set(question, reply);
    }
    return { state: { isRunning: lines.has(name) }, config: await readRunning(lines), replies };
  } catch (error) {
    if (!isQuaggaError(error, 'VTY_FAILED') || !isSilence(error.cause)) throw error;
    return { ...nothing, state: { isRunning: false, isHung: true } };
  }
}

/** What an open connection says, or a queue of those who wait. A socket that may not be opened is no fault of the daemon. */
function isSilence(cause: unknown): boolean {
  return isQuaggaError(cause) || (cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN');
}

async function replyOf(line: VtyConnection | undefined, question: Question): Promise<string | undefined> {
  const reply = await line?.command(question);
  return reply === undefined || reply.status >= REFUSED ? undefined : reply.text;
}

async function readProcess(
  host: HostReader,
  pidFile: string,
): Promise<Pick<RouterDaemon, 'pid' | 'startedTicks' | 'commandLine'>> {
  const pid = Number((await host.file(pidFile))?.trim());
  if (!Number.isInteger(pid) || pid === 0) return { commandLine: [] };
  const commandLine = ((await host.file(`/proc/${pid}/cmdline`)) ?? '').split('\0').filter((word) => word !== '');
  const startedTicks = startOf(await host.file(`/proc/${pid}/stat`));
  return { pid, commandLine, ...(startedTicks === undefined ? {} : { startedTicks }) };
}

/** When a process began, of its /proc/PID/stat. Source: proc(5), field 22; the name before may contain spaces. */
export function startOf(stat: string | undefined): number | undefined {
  const afterName = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(afterName?.[19]);
  return Number.isInteger(ticks) ? ticks : undefined;
}
