import { setTimeout as sleep } from 'node:timers/promises';
import { openPluginHost, type PluginHost } from '../plugin/plugin-host.ts';
import { raise } from '../plugin/population.ts';
import { type ProbeReport, startProbe, stopProbe } from '../probe/probe.ts';
import { readProcess } from '../process/process-figures.ts';
import type { Figure, Outcome, Scenario, Setting } from './scenario.ts';

const full = { endpoints: 10_000, idleSeconds: 65, churnSeconds: 60, cyclesPerSecond: 50 } as const;
const quick = { endpoints: 500, idleSeconds: 3, churnSeconds: 3, cyclesPerSecond: 50 } as const;
const sampleMs = 1000;

type Sample = Readonly<Record<string, number | string>>;

/**
 * What the daemon takes by and by: doing nothing, doing nothing with many endpoints (the comparison with the kernel runs
 * twice), and with endpoints that come and go steadily among them. One run each, however many rounds: time is what counts.
 */
export const overTimeScenario: Scenario = {
  name: 'over-time',
  title: 'over time',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const { endpoints, idleSeconds, churnSeconds, cyclesPerSecond } = effort.isQuick ? quick : full;
    await using host = await openPluginHost(lab, { withProbe: true });
    const live = endpoints.toLocaleString('en');
    const phases: Phase[] = [];
    const idle = (): Promise<void> => sleep(idleSeconds * 1000);
    log(`nothing to do for ${idleSeconds} s`);
    phases.push(await observe(host, 'nothing to do', false, idle));
    await raise(host, endpoints);
    log(`nothing to do for ${idleSeconds} s, ${live} live`);
    phases.push(await observe(host, `nothing to do, ${live} live`, false, idle));
    const busy = `${cyclesPerSecond} cycles/s, ${live} live`;
    log(`${busy} for ${churnSeconds} s`);
    phases.push(await observe(host, busy, true, () => churn(host, churnSeconds, cyclesPerSecond)));
    return { figures: phases.flatMap(figuresOf), series: phases.flatMap(({ samples }) => samples) };
  },
};

interface Phase {
  readonly name: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly samples: readonly Sample[];
  readonly delayMs: ProbeReport['delayMs'] | undefined;
}

/** The probe wakes the daemon a thousand times a second, which is more than an idle daemon does. */
async function observe(host: PluginHost, name: string, isBusy: boolean, work: () => Promise<unknown>): Promise<Phase> {
  const samples: Sample[] = [];
  const started = performance.now();
  const before = readProcess(host.plugin.pid);
  if (isBusy) await startProbe(host.probePath);
  const timer = setInterval(() => {
    const { residentMb, cpuSeconds } = readProcess(host.plugin.pid);
    samples.push({ phase: name, seconds: (performance.now() - started) / 1000, residentMb, cpuSeconds });
  }, sampleMs);
  await work();
  clearInterval(timer);
  const delayMs = isBusy ? (await stopProbe(host.probePath)).delayMs : undefined;
  const seconds = (performance.now() - started) / 1000;
  return { name, seconds, cpuSeconds: readProcess(host.plugin.pid).cpuSeconds - before.cpuSeconds, samples, delayMs };
}

/** Cycles that begin at a steady rate, each on one of a few connections. */
async function churn(host: PluginHost, seconds: number, cyclesPerSecond: number): Promise<void> {
  const idle = await Promise.all(Array.from({ length: 8 }, () => host.connect()));
  const underWay = new Set<Promise<void>>();
  const end = performance.now() + seconds * 1000;
  for (let due = performance.now(); due < end; due += 1000 / cyclesPerSecond) {
    await sleep(Math.max(0, due - performance.now()));
    const calls = idle.pop() ?? (await host.connect());
    const cycle = calls.up().then(async ({ endpoint }) => {
      await calls.down(endpoint);
      idle.push(calls);
      underWay.delete(cycle);
    });
    underWay.add(cycle);
  }
  await Promise.all(underWay);
  for (const calls of idle) calls.close();
}

function figuresOf({ name, seconds, cpuSeconds, samples, delayMs }: Phase): Figure[] {
  const resident = samples.map(({ residentMb }) => Number(residentMb));
  const figure = { situation: name, subject: 'routed' };
  const range = { min: Math.min(...resident), max: Math.max(...resident) };
  return [
    { ...figure, ...range, name: 'resident memory, at the end', unit: 'MB', value: resident.at(-1) ?? NaN },
    { ...figure, name: 'CPU', unit: '% of one', value: (cpuSeconds / seconds) * 100 },
    ...(delayMs === undefined
      ? []
      : [
          { ...figure, name: 'event-loop delay p99', unit: 'ms', value: delayMs.p99 },
          { ...figure, name: 'event-loop delay max', unit: 'ms', value: delayMs.max },
        ]),
  ];
}
