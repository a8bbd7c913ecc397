import { setTimeout as sleep } from 'node:timers/promises';
import { openPluginHost } from '../plugin/plugin-host.ts';
import { raise } from '../plugin/population.ts';
import { readProcess, readProportionalMb } from '../process/process-figures.ts';
import { atMost } from '../report/goals.ts';
import type { Figure, Outcome, Scenario, Setting } from './scenario.ts';

const sizes = { full: { count: 10_000, restSeconds: 300 }, quick: { count: 1000, restSeconds: 60 } } as const;
const parallel = 32;

/** So many endpoints come, and then nothing happens: what a host full of containers costs that nobody touches. */
export const liveScenario: Scenario = {
  name: 'live',
  title: 'live endpoints, nothing happens',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    const { count, restSeconds } = effort.isQuick ? sizes.quick : sizes.full;
    await using host = await openPluginHost(lab);
    await raise(host, count, parallel);
    const { cpuSeconds: before } = readProcess(host.plugin.pid);
    log(`${restSeconds} s of rest`);
    await sleep(restSeconds * 1000);
    const { pid } = host.plugin;
    const { residentMb, peakMb, cpuSeconds } = readProcess(pid);
    const situation = count.toLocaleString('en');
    const figure = (name: string, unit: string, value: number): Figure => {
      return { situation, subject: 'routed', name, unit, value };
    };
    return {
      figures: [
        figure(`resident memory, after ${restSeconds} s`, 'MB', residentMb),
        figure(`its share of memory (PSS), after ${restSeconds} s`, 'MB', readProportionalMb(pid)),
        figure('resident memory, peak', 'MB', peakMb),
        figure('CPU while nothing happens', '%', ((cpuSeconds - before) / restSeconds) * 100),
      ],
      goals: [atMost(`${situation} live: MB of the daemon after ${restSeconds} s`, 130, residentMb)],
    };
  },
};
