import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '@routed/lab';
import { DockerCalls } from '../plugin/docker-calls.ts';
import { createNetwork } from '../plugin/network.ts';
import { pluginSocket } from '../plugin/plugin-host.ts';
import { WireClient } from '../plugin/wire-client.ts';
import { readProcess } from '../process/process-figures.ts';
import { timedCommand } from '../process/timed-command.ts';
import { compare, spread, summarize } from '../statistics.ts';
import type { Outcome, Scenario, Setting } from './scenario.ts';

const pollMs = 2;
const restMs = 300;

/** The daemon starts, answers, and gets its first container. */
export const startScenario: Scenario = {
  name: 'start',
  title: 'daemon start',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const samples = { answer: [] as number[], join: [] as number[], node: [] as number[], residentMb: [] as number[] };
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      samples.node.push(await timedCommand([process.execPath, '--eval', '0']));
      const host = await lab.addHost({ engine: 'none' });
      const start = await startOnce(host);
      await host.stop();
      samples.answer.push(start.answerUs);
      samples.join.push(start.firstJoinUs);
      samples.residentMb.push(start.residentMb);
    }
    const byRound = (values: readonly number[]): number[][] => values.map((value) => [value]);
    const ratio = compare(byRound(samples.answer), byRound(samples.node));
    return {
      measurements: [
        { subject: 'routed', step: 'start to first answer', us: summarize([samples.answer]), ratio },
        { subject: 'node', step: 'start and exit (reference)', us: summarize([samples.node]) },
        { subject: 'routed', step: 'first Join ever', us: summarize([samples.join]) },
      ],
      figures: [{ ...spread(samples.residentMb), subject: 'routed', name: 'resident memory, idle', unit: 'MB' }],
    };
  },
};

async function startOnce(
  host: Host,
): Promise<{ readonly answerUs: number; readonly firstJoinUs: number; readonly residentMb: number }> {
  const started = performance.now();
  const plugin = await host.startPlugin({ wait: false });
  const client = await firstConnection(pluginSocket(host));
  await client.call('Plugin.Activate');
  const answerUs = (performance.now() - started) * 1000;
  client.close();
  await sleep(restMs);
  const { residentMb } = readProcess(plugin.pid);
  const calls = await DockerCalls.connect(pluginSocket(host), await createNetwork(pluginSocket(host)));
  const { endpoint, timings } = await calls.up();
  await calls.down(endpoint);
  calls.close();
  return { answerUs, firstJoinUs: timings['Join']!, residentMb };
}

async function firstConnection(socketPath: string): Promise<WireClient> {
  for (;;) {
    try {
      return await WireClient.connect(socketPath);
    } catch {
      await sleep(pollMs);
    }
  }
}
