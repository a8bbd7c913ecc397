import type { Cluster } from '@routed/lab';
import { measureBulk } from '../cluster/bulk.ts';
import { spread } from '../statistics.ts';
import type { Figure, Outcome, Setting } from './scenario.ts';

const routes = { full: 5_000, quick: 500 } as const;
const limitMs = 1_000;

/** Many routes at once on the first host of a LAN: until all others know them, and until all have forgotten them. */
export function bulkOutcome(protocol: 'ospf' | 'bgp') {
  return async (cluster: Cluster, { effort, log }: Setting): Promise<Outcome> => {
    const count = effort.isQuick ? routes.quick : routes.full;
    const known: number[] = [];
    const forgotten: number[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      log(`${count} routes, round ${round + 1} of ${effort.rounds}`);
      const { knownMs, forgottenMs } = await measureBulk(cluster, { count });
      known.push(knownMs);
      forgotten.push(forgottenMs);
    }
    const figure = (name: string, values: readonly number[]): Figure => ({
      ...spread(values),
      subject: 'FRR',
      name: `${count} routes ${name}`,
      unit: 'ms',
    });
    const { value, min, max } = spread(known);
    const goal = {
      text: `${protocol.toUpperCase()}: ${count} routes known everywhere within ${limitMs} ms of the last one's add`,
      isMet: value <= limitMs,
      found: `${value.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)}), ${known.length} runs`,
    };
    return { figures: [figure('known everywhere', known), figure('gone everywhere', forgotten)], goals: [goal] };
  };
}
