import { join } from 'node:path';
import { LabError } from './errors.ts';
import type { Host } from './host.ts';
import { waitUntil } from './unix-http.ts';

/**
 * What can become of a request: no server was there (`refused`), a connection was broken by somebody who does not know it (`reset`), nothing came for
 * 5 s (`timed out`), there was no way (`unreachable`), the connection ended before the answer (`cut off`), or the answer was another one.
 */
export type RequestProblem = 'refused' | 'reset' | 'timed out' | 'unreachable' | 'cut off' | 'wrong answer';

export interface RequestFailure {
  /** When the request began, in milliseconds since 1970. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly path: string;
  /** Of the client, to find it in a capture; 0: never connected. */
  readonly port: number;
  readonly problem: RequestProblem;
  /** The last 100 characters that came. */
  readonly received: string;
}

export interface RequestReport {
  readonly tried: number;
  /** How many were open at once at most. */
  readonly mostOpen: number;
  /** Those that took more than 900 ms: a packet of theirs was lost, and sent again. */
  readonly delayed: number;
  readonly slowestMs: number;
  /** How many each server answered, by name. */
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: readonly RequestFailure[];
}

/** HTTP requests through connections of their own, until they are stopped. */
export interface RequestWatch {
  /** Waits for what is open. */
  stop(): Promise<RequestReport>;
}

export interface RequestOptions {
  /** The pid, as the host's engine knows it, of a container that asks. @default the host itself asks */
  readonly containerPid?: string;
  /** @default 200 */
  readonly perSecond?: number;
}

const startTimeoutMs = 10_000;
let count = 0;

/**
 * Asks a {@link webMember} again and again.
 * @throws {@link LabError} `timeout` when the program does not start
 */
export async function watchRequests(host: Host, to: string, options: RequestOptions = {}): Promise<RequestWatch> {
  count += 1;
  const { containerPid, perSecond = 200 } = options;
  const enter = containerPid === undefined ? [] : ['nsenter', '--target', containerPid, '--net', '--'];
  const program = join(import.meta.dirname, 'request-client.js');
  const argv = [...enter, process.execPath, program, to, String(perSecond)];
  const client = await host.spawn(argv, { name: `requests-${process.pid}-${count}` });
  const isReady = async (): Promise<boolean> => (await client.log()).startsWith('ready');
  if (!(await waitUntil(isReady, () => client.hasExited, startTimeoutMs)))
    throw new LabError('timeout', `${host.name}: requests to ${to} do not begin: ${await client.log()}`);
  return {
    async stop() {
      await client.stop('SIGTERM');
      return JSON.parse((await client.log()).trim().split('\n').at(-1) ?? '') as RequestReport;
    },
  };
}

/** Several reports as one. */
export function sumRequests(reports: readonly RequestReport[]): RequestReport {
  const names = new Set(reports.flatMap(({ answers }) => Object.keys(answers)));
  const sum = (pick: (report: RequestReport) => number): number =>
    reports.reduce((total, report) => total + pick(report), 0);
  return {
    tried: sum(({ tried }) => tried),
    mostOpen: sum(({ mostOpen }) => mostOpen),
    delayed: sum(({ delayed }) => delayed),
    slowestMs: Math.max(0, ...reports.map(({ slowestMs }) => slowestMs)),
    answers: Object.fromEntries([...names].map((name) => [name, sum(({ answers }) => answers[name] ?? 0)])),
    failures: reports.flatMap(({ failures }) => failures).sort((one, other) => one.atMs - other.atMs),
  };
}

/** In one line: how many, how many failed and of what, and how long the slowest took. */
export function summarizeRequests({ tried, failures, delayed, slowestMs, mostOpen }: RequestReport): string {
  const kinds = new Map<string, number>();
  for (const { problem } of failures) kinds.set(problem, (kinds.get(problem) ?? 0) + 1);
  const told = [...kinds].map(([problem, times]) => `${times} ${problem}`).join(', ');
  const failed = failures.length === 0 ? '0 failed' : `${failures.length} failed (${told})`;
  return `${failed} of ${tried} requests; ${delayed} took over 0.9 s, the slowest ${slowestMs.toFixed(0)} ms; up to ${mostOpen} open`;
}

/**
 * The end of a `docker run`: image and command of a web server on port 80 that answers with the name of its container's host. It takes 0.2 s for `/slow`,
 * and a few milliseconds otherwise. It ends at SIGTERM, with what is open. Not busybox's: that one lets ten requests wait, and no more.
 */
export const webMember: readonly string[] = [
  ...['--volume', '/:/machine:ro', 'alpine', 'chroot', '/machine'],
  ...[process.execPath, join(import.meta.dirname, 'request-server.js')],
];

/** Arguments of `docker run`: healthy once {@link webMember} serves, found out within a second or two. */
export const webHealthCheck: readonly string[] = [
  ...['--health-cmd', 'wget -q -O /dev/null http://127.0.0.1/'],
  ...['--health-interval', '1s', '--health-retries', '3', '--health-timeout', '10s'],
];
