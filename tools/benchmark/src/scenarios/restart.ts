import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveEndpoint } from '../plugin/docker-calls.ts';
import { untilAnswered } from '../plugin/first-answer.ts';
import { KernelChanges } from '../plugin/kernel-changes.ts';
import { hostLinkName } from '../plugin/link-names.ts';
import { openPluginHost, pluginOptions, pluginSocket, type PluginHost } from '../plugin/plugin-host.ts';
import { raise } from '../plugin/population.ts';
import { Sandboxes } from '../plugin/sandboxes.ts';
import { readProcess } from '../process/process-figures.ts';
import { atMost } from '../report/goals.ts';
import { spread, summarize } from '../statistics.ts';
import type { Figure, Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

const counts = { full: [2000, 5000], quick: [200, 500] } as const;

/** How many comparisons are called for after that of the start. */
const LATER_COMPARISONS = 5;
const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/** What one restart took. */
interface Restart {
  readonly answerMs: number;
  /** Until a call that needs the state is answered. */
  readonly readyMs: number;
  /** Of the comparison alone, as the daemon logs it. */
  readonly reconcileMs: number;
  /** Of one that comes after others: its code has been compiled. */
  readonly laterMs: number;
  readonly changes: number;
  readonly residentMb: number;
}

/** The daemon is killed, and started again among endpoints that are as they should be. */
export const restartScenario: Scenario = {
  name: 'restart',
  title: 'restart among live endpoints',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const populations: Population[] = [];
    try {
      for (const count of effort.isQuick ? counts.quick : counts.full) populations.push(await populate(lab, count));
      for (let round = 0; round < effort.rounds; round++) {
        log(`round ${round + 1} of ${effort.rounds}`);
        for (const { host, known, restarts } of populations)
          restarts.push(await restart(host, known, round % 2 === 0 ? 'SIGKILL' : 'SIGTERM'));
      }
      return {
        measurements: populations.flatMap(measurementsOf),
        figures: populations.flatMap(figuresOf),
        goals: populations.flatMap(goalsOf),
      };
    } finally {
      for (const { host, sandboxes } of populations) {
        await host[Symbol.asyncDispose]();
        await sandboxes[Symbol.asyncDispose]();
      }
    }
  },
};

interface Population {
  readonly count: number;
  readonly host: PluginHost;
  readonly sandboxes: Sandboxes;
  readonly known: LiveEndpoint;
  readonly restarts: Restart[];
}

async function populate(lab: Setting['lab'], count: number): Promise<Population> {
  const host = await openPluginHost(lab);
  const { endpoints } = await raise(host, count);
  const sandboxes = await Sandboxes.of(host, endpoints);
  return { count, host, sandboxes, known: endpoints[0]!, restarts: [] };
}

async function restart(host: PluginHost, known: LiveEndpoint, signal: 'SIGKILL' | 'SIGTERM'): Promise<Restart> {
  await host.plugin.stop(signal);
  const before = (await comparisons(host)).length;
  await using changes = await KernelChanges.open(host);
  const started = performance.now();
  // The log has the duration of the comparison at this level only; there are next to no requests to be logged.
  host.plugin = await host.host.startPlugin({ ...pluginOptions(), wait: false, flags: ['--log-level', 'debug'] });
  await untilAnswered(pluginSocket(host.host));
  const answerMs = performance.now() - started;
  const calls = await host.connect();
  await calls.askOperInfo(known.id);
  const readyMs = performance.now() - started;
  calls.close();
  const found = await changes.all();
  if (found.length > 0) console.error(`restart: ${found.length} changes, such as ${found[0]}`);
  const { residentMb } = readProcess(host.plugin.pid);
  const reconcileMs = await nextComparison(host, before);
  let laterMs = reconcileMs;
  for (let count = 1; count <= LATER_COMPARISONS; count++) {
    await alarm(host, known);
    laterMs = await nextComparison(host, before + count);
  }
  return { answerMs, readyMs, reconcileMs, laterMs, changes: found.length, residentMb };
}

/** Milliseconds of each comparison that the host's daemons have logged, one after another. */
async function comparisons({ plugin }: PluginHost): Promise<readonly number[]> {
  const lines = (await plugin.log()).split('\n').filter((line) => line.includes('"reconciled with the kernel"'));
  return lines.map((line) => (JSON.parse(line) as { readonly ms: number }).ms);
}

/** The one that comes after so many others. */
async function nextComparison(host: PluginHost, before: number): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const ms = (await comparisons(host))[before];
    if (ms !== undefined) return ms;
    await sleep(POLL_MS);
  }
  throw new Error(`no comparison with the kernel within ${PATIENCE_MS / 1000} s: see ${host.plugin.logFile}`);
}

/** Takes away a route and puts it back before the daemon, which waits for more to come, looks: nothing is to be done. */
async function alarm({ rtnl }: PluginHost, { id }: LiveEndpoint): Promise<void> {
  const { index: linkIndex } = (await rtnl.links.get({ name: hostLinkName(id) }))!;
  const [route] = await rtnl.routes.list({ linkIndex });
  const { destination, protocol, scope } = route!;
  const spec = { destination, linkIndex, protocol, scope };
  await rtnl.routes.delete(spec);
  await rtnl.routes.replace(spec);
}

function measurementsOf({ count, restarts }: Population): Measurement[] {
  const measure = (step: string, pick: (restart: Restart) => number): Measurement => ({
    situation: count.toLocaleString('en'),
    subject: 'routed',
    step,
    us: summarize(restarts.map((restart) => [pick(restart) * 1000])),
  });
  return [
    measure('sockets answer', ({ answerMs }) => answerMs),
    measure('reconciled', ({ readyMs }) => readyMs),
    measure('comparison with the kernel', ({ reconcileMs }) => reconcileMs),
    measure('a later comparison', ({ laterMs }) => laterMs),
  ];
}

function figuresOf({ count, restarts }: Population): Figure[] {
  const figure = { situation: count.toLocaleString('en'), subject: 'routed' };
  return [
    { ...figure, ...spread(restarts.map(({ residentMb }) => residentMb)), name: 'resident memory', unit: 'MB' },
    { ...figure, ...spread(restarts.map(({ changes }) => changes)), name: 'changes in the kernel', unit: '' },
  ];
}

function goalsOf({ count, restarts }: Population): Goal[] {
  const among = `restart among ${count.toLocaleString('en')}`;
  const median = (pick: (restart: Restart) => number): number => spread(restarts.map(pick)).value;
  return [
    atMost(
      `${among}: ms until the sockets answer`,
      500,
      median(({ answerMs }) => answerMs),
    ),
    atMost(
      `${among}: ms until reconciled`,
      count > 2000 ? 1200 : 500,
      median(({ readyMs }) => readyMs),
    ),
    // The figure was set for 2,000.
    ...(count > 2000
      ? []
      : [
          atMost(
            `${among}: ms of comparison`,
            80,
            median(({ reconcileMs }) => reconcileMs),
          ),
          atMost(
            `${among}: ms of a later comparison`,
            80,
            median(({ laterMs }) => laterMs),
          ),
        ]),
    atMost(`${among}: changes in the kernel`, 0, Math.max(...restarts.map(({ changes }) => changes))),
  ];
}
