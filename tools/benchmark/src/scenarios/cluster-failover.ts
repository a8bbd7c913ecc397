import type { Cluster } from '@routed/lab';
import { measureFailover } from '../cluster/failover.ts';
import { summarize } from '../statistics.ts';
import type { Outcome, Setting } from './scenario.ts';

/** Deaths per round. */
const runs = { full: 4, quick: 2 } as const;
const limitMs = 300;

/** The longest silence of an address on two hosts when the one that answers dies without a word. */
export async function failoverOutcome(cluster: Cluster, { effort, log }: Setting): Promise<Outcome> {
  const ms: (readonly number[])[] = [];
  for (let round = 0; round < effort.rounds; round++) {
    log(`silent deaths, round ${round + 1} of ${effort.rounds}`);
    ms.push(await measureFailover(cluster, { runs: effort.isQuick ? runs.quick : runs.full }));
  }
  const us = summarize(ms.map((round) => round.map((value) => value * 1_000)));
  const found = `p50 ${(us.p50 / 1_000).toFixed(0)} ms, at most ${Math.max(...ms.flat()).toFixed(0)} ms, ${us.count} runs`;
  const goal = {
    text: `BGP: traffic of an anycast address rerouted within ${limitMs} ms of a silent death`,
    isMet: Math.max(...ms.flat()) <= limitMs,
    found,
  };
  return { measurements: [{ subject: 'FRR', step: 'silence of an anycast address', us }], goals: [goal] };
}
