import { openPluginHost } from '../plugin/plugin-host.ts';
import { lower, raise } from '../plugin/population.ts';
import { startProbe, stopProbe } from '../probe/probe.ts';
import { readProcess } from '../process/process-figures.ts';
import { atMost } from '../report/goals.ts';
import { compare, spread } from '../statistics.ts';
import { Floor, floorName } from '../subjects/floor.ts';
import type { Outcome, Scenario, Setting } from './scenario.ts';

const counts = { full: 10_000, quick: 1000 } as const;
const parallel = 32;
/** Each takes half a minute, and endpoints enough for a steady median. */
const mostRounds = 3;

/** What came of one burst. */
interface BurstFigures {
  readonly seconds: number;
  readonly floorSeconds: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly peakMb: number;
  readonly cpuSeconds: number;
  readonly teardownDelayMaxMs: number;
}

/** So many endpoints come at once to a daemon that has just started; then the floor does the same in the same place. */
export const burstScenario: Scenario = {
  name: 'burst',
  title: 'burst of endpoints',
  run: async (setting: Setting): Promise<Outcome> => {
    const { effort, log } = setting;
    const count = effort.isQuick ? counts.quick : counts.full;
    const rounds = Math.min(effort.rounds, mostRounds);
    const found: BurstFigures[] = [];
    for (let round = 0; round < rounds; round++) {
      log(`round ${round + 1} of ${rounds}`);
      found.push(await runOnce(setting, count));
    }
    const all = (pick: (figures: BurstFigures) => number): number[] => found.map(pick);
    const perRound = (values: readonly number[]): number[][] => values.map((value) => [value]);
    const situation = count.toLocaleString('en');
    const seconds = spread(all((figures) => figures.seconds));
    const peak = spread(all((figures) => figures.peakMb));
    const p99 = spread(all((figures) => figures.delayP99Ms));
    const ratio = compare(
      perRound(all((figures) => figures.seconds)),
      perRound(all((figures) => figures.floorSeconds)),
    );
    const routed = { situation, subject: 'routed' };
    return {
      figures: [
        { ...routed, ...seconds, name: 'all up', unit: 's', ratio },
        { ...spread(all((figures) => figures.floorSeconds)), situation, subject: floorName, name: 'all up', unit: 's' },
        { ...routed, ...spread(all((figures) => figures.cpuSeconds)), name: 'CPU, kernel work included', unit: 's' },
        { ...routed, ...peak, name: 'resident memory, peak', unit: 'MB' },
        { ...routed, ...p99, name: 'event-loop delay p99', unit: 'ms' },
        { ...routed, ...spread(all((figures) => figures.delayMaxMs)), name: 'event-loop delay max', unit: 'ms' },
        {
          ...routed,
          ...spread(all((figures) => figures.teardownDelayMaxMs)),
          name: 'event-loop delay max, all going',
          unit: 'ms',
        },
      ],
      goals: [
        atMost(`burst of ${situation}: s until all are up`, 40, seconds.value),
        atMost(`burst of ${situation}: MB of the daemon, peak`, 150, peak.value),
        atMost(`burst of ${situation}: ms of event-loop delay p99`, 10, p99.value),
      ],
    };
  },
};

async function runOnce({ lab }: Setting, count: number): Promise<BurstFigures> {
  await using host = await openPluginHost(lab, { withProbe: true });
  await startProbe(host.probePath);
  const { endpoints, seconds } = await raise(host, count, parallel);
  const { delayMs } = await stopProbe(host.probePath);
  const { peakMb, cpuSeconds } = readProcess(host.plugin.pid);
  await startProbe(host.probePath);
  await lower(host, endpoints, parallel);
  await host.settle();
  const teardown = await stopProbe(host.probePath);
  await using floor = await Floor.open(host.host.netnsPath);
  const floorSeconds = await floor.raise(parallel, count);
  return {
    seconds,
    floorSeconds,
    delayP99Ms: delayMs.p99,
    delayMaxMs: delayMs.max,
    peakMb,
    cpuSeconds,
    teardownDelayMaxMs: teardown.delayMs.max,
  };
}
