import { openPluginHost, type PluginHost } from '../plugin/plugin-host.ts';
import { inParallel } from '../plugin/population.ts';
import { atMost } from '../report/goals.ts';
import { compare, spread } from '../statistics.ts';
import { AddressSubject } from '../subjects/address-subject.ts';
import { PluginSubject } from '../subjects/plugin-subject.ts';
import { Samples } from '../subjects/samples.ts';
import type { Figure, Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

const leases = { full: [10, 100_000], quick: [10, 1000] } as const;
const cycles = {
  full: { churn: 200, endpoints: 20, parallel: 2000 },
  quick: { churn: 20, endpoints: 4, parallel: 200 },
} as const;
const parallel = 8;
/** The calls of an endpoint's life that change the daemon's records. */
const changes = ['RequestAddress', 'CreateEndpoint', 'Join', 'Leave', 'DeleteEndpoint', 'ReleaseAddress'] as const;

/**
 * Addresses come and go, and so do endpoints, on a host with few leases and on one with many, in turns. With 100,000
 * leases a change of state costs as much as with ten, or it would not be O(1).
 */
export const addressScenario: Scenario = {
  name: 'addresses',
  title: 'leases',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const [few, many] = effort.isQuick ? leases.quick : leases.full;
    const { churn, endpoints, parallel: pairs } = effort.isQuick ? cycles.quick : cycles.full;
    await using small = await openPluginHost(lab);
    await using large = await openPluginHost(lab);
    await lease(small, few);
    await lease(large, many);
    // As many calls as the other daemon has had, so that both run the same machine code.
    await churnInParallel(small, many / 2);
    const names = [few, many].map((count) => `routed, ${count.toLocaleString('en')} leases`);
    const [smallName = '', largeName = ''] = names;
    await using addressesSmall = await AddressSubject.open(small, smallName);
    await using addressesLarge = await AddressSubject.open(large, largeName);
    await using endpointsSmall = await PluginSubject.open(small, smallName);
    await using endpointsLarge = await PluginSubject.open(large, largeName);
    const alone = new Samples();
    const lives = new Samples();
    const rates: number[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      for (let cycle = 0; cycle < churn; cycle++)
        for (const subject of [addressesSmall, addressesLarge]) await alone.take(subject, round);
      for (let cycle = 0; cycle < endpoints; cycle++)
        for (const subject of [endpointsSmall, endpointsLarge]) await lives.take(subject, round);
      rates.push(pairs / (await churnInParallel(large, pairs)));
    }
    const grown = changes.map((step) => {
      const sources = step.endsWith('Address') ? alone : lives;
      return { step, ratio: compare(sources.rounds(largeName, step), sources.rounds(smallName, step)) };
    });
    return {
      measurements: [
        ...within('address churn', alone.measurements()),
        ...within('endpoint cycle', lives.measurements()),
      ],
      figures: [
        ...grown.map(({ step, ratio }) => growthFigure(step, ratio)),
        { ...spread(rates), situation: `${parallel} at a time`, subject: largeName, name: 'churn', unit: 'pairs/s' },
      ],
      goals: [growthGoal(few, many, Math.max(...grown.map(({ ratio }) => ratio.median)))],
    };
  },
};

function within(situation: string, measurements: readonly Measurement[]): Measurement[] {
  return measurements.map((measurement) => ({ situation, ...measurement }));
}

function growthFigure(step: string, { median, min, max }: { median: number; min: number; max: number }): Figure {
  return { subject: 'routed', name: `${step}, many leases to few`, unit: 'times', value: median, min, max };
}

function growthGoal(few: number, many: number, worst: number): Goal {
  const among = `${many.toLocaleString('en')} leases to ${few}`;
  return atMost(`cost of a change of state, ${among}, the call that grows most: times`, 1.5, worst);
}

/** Addresses that nobody gives back. */
async function lease(host: PluginHost, count: number): Promise<void> {
  let left = count;
  await inParallel(host, parallel, async (calls) => {
    if (left-- <= 0) return false;
    await calls.request();
    return true;
  });
}

async function churnInParallel(host: PluginHost, pairs: number): Promise<number> {
  let left = pairs;
  return await inParallel(host, parallel, async (calls) => {
    if (left-- <= 0) return false;
    await calls.release((await calls.request()).address);
    return true;
  });
}
