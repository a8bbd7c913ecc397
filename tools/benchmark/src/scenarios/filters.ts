import { median } from 'simple-statistics';
import { ContainerNamespace } from '../plugin/container-namespace.ts';
import { openPluginHost, type PluginHost } from '../plugin/plugin-host.ts';
import { inParallel } from '../plugin/population.ts';
import { atLeast, atMost } from '../report/goals.ts';
import { spread } from '../statistics.ts';
import { PluginSubject } from '../subjects/plugin-subject.ts';
import { Samples } from '../subjects/samples.ts';
import type { Figure, Goal, Outcome, Scenario, Setting } from './scenario.ts';

const others = { full: 1000, quick: 50 } as const;
const cycles = { full: 40, quick: 5 } as const;
/** Transfers a round, of each kind. */
const transfers = { full: 4, quick: 1 } as const;
const longListCycles = 2;
const secondsPerTransfer = 1;
const inTurns = 8;
const open = 'routed, no list';
const listed = 'routed, 20 sources';
const long = 'routed, 10,000 sources';

/**
 * Allow lists: what one adds to the start of a container, and to its traffic, beside many others that have one. What is compared
 * takes turns: one cycle, or one second of traffic, of each.
 */
export const filterScenario: Scenario = {
  name: 'filters',
  title: 'allow lists',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const kind = effort.isQuick ? 'quick' : 'full';
    await using host = await openPluginHost(lab);
    log(`${others[kind]} endpoints with a list of 20 sources`);
    await populate(host, others[kind]);
    await using without = await PluginSubject.open(host, open);
    await using with20 = await PluginSubject.open(host, listed, { 'routed.ingress': sources(20, 251) });
    await using withMany = await PluginSubject.open(host, long, { 'routed.ingress': sources(10_000, 0) });
    const client = await ContainerNamespace.open(host, 'client');
    const openServer = await ContainerNamespace.open(host, 'open');
    const list = `${sources(19, 252)},${client.address}`;
    const filteredServer = await ContainerNamespace.open(host, 'filtered', { 'routed.ingress': list });
    await Promise.all([openServer.listen(), filteredServer.listen()]);
    const samples = new Samples();
    const pairs: { readonly open: number; readonly filtered: number }[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      for (let cycle = 0; cycle < cycles[kind]; cycle++)
        for (const subject of [without, with20]) await samples.take(subject, round);
      for (let cycle = 0; cycle < longListCycles; cycle++) await samples.take(withMany, round);
      for (let pair = 0; pair < transfers[kind]; pair++) {
        const [first, second] = pair % 2 === 0 ? [openServer, filteredServer] : [filteredServer, openServer];
        const rates = new Map([
          [first, await client.carry(first, secondsPerTransfer)],
          [second, await client.carry(second, secondsPerTransfer)],
        ]);
        pairs.push({ open: rates.get(openServer) ?? NaN, filtered: rates.get(filteredServer) ?? NaN });
      }
    }
    const situation = `beside ${others[kind].toLocaleString('en')} lists`;
    const added = addedByList(samples);
    const carried = pairs.map((pair) => pair.filtered / pair.open);
    return {
      measurements: samples.measurements().map((measurement) => ({ situation, ...measurement })),
      figures: figuresOf(situation, pairs, carried, added),
      goals: goalsOf(situation, added, carried),
    };
  },
};

/** Milliseconds by which Join is longer, round by round. */
function addedByList(samples: Samples): number[] {
  const plain = samples.rounds(open, 'Join');
  return samples
    .rounds(listed, 'Join')
    .map((round, index) => (median([...round]) - median([...(plain[index] ?? [])])) / 1000);
}

function figuresOf(
  situation: string,
  pairs: readonly { readonly open: number; readonly filtered: number }[],
  carried: readonly number[],
  added: readonly number[],
): Figure[] {
  const gigabits = (rates: readonly number[]) => spread(rates.map((rate) => rate / 1e9));
  return [
    { ...spread(added), situation, subject: listed, name: 'Join, longer than without', unit: 'ms' },
    { ...gigabits(pairs.map((pair) => pair.open)), situation, subject: open, name: 'TCP', unit: 'Gbit/s' },
    { ...gigabits(pairs.map((pair) => pair.filtered)), situation, subject: listed, name: 'TCP', unit: 'Gbit/s' },
    { ...spread(carried), situation, subject: listed, name: 'TCP, to that without', unit: 'times' },
  ];
}

function goalsOf(situation: string, added: readonly number[], carried: readonly number[]): Goal[] {
  return [
    atMost(`a list of 20 sources, ${situation}: ms that Join is longer, p50`, 5, median([...added])),
    atLeast(`traffic through a list, ${situation}: times that without, median of pairs`, 0.95, median([...carried])),
  ];
}

/** Prefixes that no container has, and that do not touch each other. */
function sources(count: number, second: number): string {
  return Array.from(
    { length: count },
    (_, index) => `${172 + (index >> 14)}.${second}.${(index >> 7) & 127}.${(index & 127) * 2}`,
  ).join();
}

async function populate(host: PluginHost, count: number): Promise<void> {
  let made = 0;
  await inParallel(host, inTurns, async (calls) => {
    const number = made++;
    if (number >= count) return false;
    await calls.up({ 'routed.ingress': sources(20, number % 250) });
    return true;
  });
}
