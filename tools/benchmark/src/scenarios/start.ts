import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '@routed/lab';
import { DockerCalls } from '../plugin/docker-calls.ts';
import { untilAnswered } from '../plugin/first-answer.ts';
import { createNetwork } from '../plugin/network.ts';
import { pluginOptions, pluginSocket } from '../plugin/plugin-host.ts';
import { readProcess, readProportionalMb } from '../process/process-figures.ts';
import { timedCommand } from '../process/timed-command.ts';
import { atMost } from '../report/goals.ts';
import { compare, spread, summarize } from '../statistics.ts';
import type { Outcome, Scenario, Setting } from './scenario.ts';

const restMs = 300;
/** After that V8 has given back what the start needed. */
const idleMs = 30_000;

/** The daemon starts, answers, and gets its first container; the first one is left alone before that. */
export const startScenario: Scenario = {
  name: 'start',
  title: 'daemon start',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const samples = { answer: [] as number[], join: [] as number[], node: [] as number[], residentMb: [] as number[] };
    const idle = { residentMb: 0, proportionalMb: 0 };
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      samples.node.push(await timedCommand([process.execPath, '--eval', '0']));
      const host = await lab.addHost({ engine: 'none' });
      const start = await startOnce(host, async (pid) => {
        if (round > 0) return;
        await sleep(idleMs);
        idle.residentMb = readProcess(pid).residentMb;
        idle.proportionalMb = readProportionalMb(pid);
      });
      await host.stop();
      samples.answer.push(start.answerUs);
      samples.join.push(start.firstJoinUs);
      samples.residentMb.push(start.residentMb);
    }
    const byRound = (values: readonly number[]): number[][] => values.map((value) => [value]);
    const ratio = compare(byRound(samples.answer), byRound(samples.node));
    const answer = summarize([samples.answer]);
    const resident = spread(samples.residentMb);
    return {
      measurements: [
        { subject: 'routed', step: 'start to first answer', us: answer, ratio },
        { subject: 'node', step: 'start and exit (reference)', us: summarize([samples.node]) },
        { subject: 'routed', step: 'first Join ever', us: summarize([samples.join]) },
      ],
      figures: [
        { ...resident, subject: 'routed', name: 'resident memory, just started', unit: 'MB' },
        { subject: 'routed', name: 'resident memory, idle', unit: 'MB', value: idle.residentMb },
        { subject: 'routed', name: 'its share of memory (PSS), idle', unit: 'MB', value: idle.proportionalMb },
      ],
      goals: [
        atMost('daemon start to first answer: s', 0.15, answer.p50 / 1e6),
        atMost('resident memory, idle: MB', 64, idle.residentMb),
      ],
    };
  },
};

async function startOnce(
  host: Host,
  whenStarted: (pid: number) => Promise<void>,
): Promise<{ readonly answerUs: number; readonly firstJoinUs: number; readonly residentMb: number }> {
  const started = performance.now();
  const plugin = await host.startPlugin({ ...pluginOptions(), wait: false });
  await untilAnswered(pluginSocket(host));
  const answerUs = (performance.now() - started) * 1000;
  await sleep(restMs);
  const { residentMb } = readProcess(plugin.pid);
  await whenStarted(plugin.pid);
  const calls = await DockerCalls.connect(pluginSocket(host), await createNetwork(pluginSocket(host)));
  const { endpoint, timings } = await calls.up();
  await calls.down(endpoint);
  calls.close();
  return { answerUs, firstJoinUs: timings['Join']!, residentMb };
}
