import { runBurst } from '../plugin/burst.ts';
import { openPluginHost } from '../plugin/plugin-host.ts';
import { atMost } from '../report/goals.ts';
import { compare, medianDifference } from '../statistics.ts';
import { PluginSubject } from '../subjects/plugin-subject.ts';
import { Samples } from '../subjects/samples.ts';
import type { Outcome, Scenario, Setting } from './scenario.ts';

const cycles = { full: { warmUp: 200, turns: 40 }, quick: { warmUp: 20, turns: 5 } } as const;
const names = { without: 'routed, no list', with: 'routed, 20 addresses and 20 names' } as const;

const numbers = Array.from({ length: 20 }, (_, index) => index);
const list = [
  ...numbers.map((number) => `10.${100 + number}.7.0/24:443`),
  ...numbers.map((number) => `host${number}.example.com:443`),
].join(' ');

/** Endpoints without a list and with one of destinations come and go in turns: what the list costs. */
export const listsScenario: Scenario = {
  name: 'lists',
  title: 'lists of destinations',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const { warmUp, turns } = effort.isQuick ? cycles.quick : cycles.full;
    await using host = await openPluginHost(lab);
    await runBurst(host, { parallel: 1, cycles: warmUp });
    await host.settle();
    await using without = await PluginSubject.open(host, names.without);
    await using listed = await PluginSubject.open(host, names.with, { 'routed.egress': list });
    const discarded = new Samples();
    for (let cycle = 0; cycle < warmUp / 4; cycle++) await discarded.take(listed, 0);
    const samples = new Samples();
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      for (let turn = 0; turn < turns; turn++)
        for (const subject of [without, listed]) await samples.take(subject, round);
    }
    const [plain, filtered] = [samples.rounds(names.without, 'Join'), samples.rounds(names.with, 'Join')];
    const addedMs = medianDifference(filtered, plain) / 1000;
    const { median, min, max } = compare(filtered, plain);
    return {
      measurements: samples.measurements(),
      figures: [{ subject: names.with, name: 'Join, to one without a list', unit: 'times', value: median, min, max }],
      goals: [atMost('Join with a list of 20 addresses and 20 names: ms p50 more', 0.5, addedMs)],
    };
  },
};
