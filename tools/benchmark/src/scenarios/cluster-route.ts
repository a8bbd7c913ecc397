import type { Cluster } from '@routed/lab';
import { measurePropagation, type Propagation } from '../cluster/propagation.ts';
import { summarize, type Rounds } from '../statistics.ts';
import type { Goal, Measurement, Outcome, Setting } from './scenario.ts';

/** Per round, and for each of the two ways. */
const runs = { full: 10, quick: 3 } as const;
/** Between Join's reply and Leave: the neighbors hear of none, some or all of the first change before the second. */
const flapPausesMs = [0, 1, 5, 20, 100, 500];
const goalMs = { ospf: 10, bgp: 200 } as const;
const flapLimitMs = 100;

/** The hosts on one leaf have one router between them, those on different leaves three. */
const ways = { h2: 'two hops', h3: 'four hops' } as const;

/** How fast a route comes and goes, by the plugin's replies on the first host of a fabric. */
export function routeOutcome(protocol: 'ospf' | 'bgp') {
  return async (cluster: Cluster, { effort, log }: Setting): Promise<Outcome> => {
    const taken: Record<keyof typeof ways, Propagation[]> = { h2: [], h3: [] };
    const count = effort.isQuick ? runs.quick : runs.full;
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      for (const to of ['h2', 'h3'] as const)
        taken[to].push(
          await measurePropagation(cluster, { to, runs: count, flaps: to === 'h3' ? count : 0, flapPausesMs }),
        );
    }
    const steps = (['h2', 'h3'] as const).flatMap((to) => [
      toMeasurement(
        `route known, ${ways[to]}`,
        taken[to].map(({ joinMs }) => joinMs),
      ),
      toMeasurement(
        `route gone, ${ways[to]}`,
        taken[to].map(({ leaveMs }) => leaveMs),
      ),
    ]);
    const flaps = taken.h3.map(({ joinAndLeaveMs }) => joinAndLeaveMs);
    const flap = toMeasurement('gone everywhere, withdrawn at once', flaps);
    return {
      measurements: [...steps, flap],
      goals: [...goals(protocol, steps), ...(protocol === 'ospf' ? [flapGoal(flaps)] : [])],
    };
  };
}

function toMeasurement(step: string, ms: Rounds): Measurement {
  // A route may be known before the reply is: that counts as no time.
  const us = ms.map((round) => round.map((value) => Math.max(0, value) * 1_000));
  return { subject: 'FRR', step, us: summarize(us) };
}

function goals(protocol: 'ospf' | 'bgp', steps: readonly Measurement[]): Goal[] {
  const limitMs = goalMs[protocol];
  return steps
    .filter(({ step }) => step.includes(ways.h2))
    .map(({ step, us }) => ({
      text: `${protocol.toUpperCase()}: ${step} from the plugin's reply, p50 at most ${limitMs} ms`,
      isMet: us.p50 / 1_000 <= limitMs,
      found: `${(us.p50 / 1_000).toFixed(1)} ms, ${us.count} runs`,
    }));
}

function flapGoal(flaps: Rounds): Goal {
  const worst = Math.max(...flaps.flat());
  return {
    text: `OSPF: added and withdrawn at once, gone everywhere within ${flapLimitMs} ms`,
    isMet: worst <= flapLimitMs,
    found: `${worst.toFixed(1)} ms at most, ${flaps.flat().length} runs`,
  };
}
