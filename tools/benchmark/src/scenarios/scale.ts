import type { LiveEndpoint } from '../plugin/docker-calls.ts';
import { LinkWatch } from '../plugin/link-watch.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import { lower, raise } from '../plugin/population.ts';
import { readProcess } from '../process/process-figures.ts';
import { atMost } from '../report/goals.ts';
import { compareGrowth, spread, summarize } from '../statistics.ts';
import { Contest, type Turns } from '../subjects/contest.ts';
import { floorName } from '../subjects/floor.ts';
import { Samples } from '../subjects/samples.ts';
import type { Figure, Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

const levels = { full: [0, 1000, 5000, 10_000], quick: [0, 100, 500, 1000] } as const;
const turnsPerLevel = { full: { pair: 30, peers: 5 }, quick: { pair: 5, peers: 1 } } as const;
const teardownParallel = 8;

/** What the mass teardown of each round took. */
interface Teardown {
  readonly seconds: number;
  readonly deleteUs: readonly number[];
  readonly goneMs: readonly number[];
}

/**
 * Endpoint cycles, one at a time, among more and more endpoints that stay; then all of them go at once. Every round
 * climbs from none to the most, so the levels are interleaved in time, and the floor works among the same links.
 */
export const scaleScenario: Scenario = {
  name: 'scale',
  title: 'live endpoints',
  run: async (setting: Setting): Promise<Outcome> => {
    const { effort, log } = setting;
    await using contest = await Contest.open(setting);
    const climb = new Climb(contest, setting);
    const teardowns: Teardown[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      teardowns.push(await tearDown(contest.host, await climb.run(round)));
    }
    const { measurements, goals } = climb.outcome();
    const gone = teardowns.flatMap(({ goneMs }) => goneMs);
    const deleted = summarize(teardowns.map(({ deleteUs }) => deleteUs));
    return {
      measurements: [...measurements, ...teardownMeasurements(deleted, gone)],
      figures: [...climb.memory(), ...teardownFigures(teardowns)],
      goals: [
        ...goals,
        atMost('links gone after DeleteEndpoint, mass teardown: ms, the slowest', 250, Math.max(...gone)),
      ],
    };
  },
};

class Climb {
  readonly #contest: Contest;
  readonly #turns: Turns;
  readonly #samples: ReadonlyMap<number, Samples>;
  readonly #residentMb = new Map<number, number[]>();

  constructor(contest: Contest, { effort: { isQuick } }: Setting) {
    this.#contest = contest;
    this.#turns = isQuick ? turnsPerLevel.quick : turnsPerLevel.full;
    this.#samples = new Map((isQuick ? levels.quick : levels.full).map((level) => [level, new Samples()]));
  }

  /** Measures at each level, and returns the endpoints that stay at the last. */
  async run(round: number): Promise<readonly LiveEndpoint[]> {
    const staying: LiveEndpoint[] = [];
    const { host } = this.#contest;
    for (const [level, samples] of this.#samples) {
      staying.push(...(await raise(host, level - staying.length)).endpoints);
      await this.#contest.takeTurns(samples, round, this.#turns);
      const { residentMb } = readProcess(host.plugin.pid);
      this.#residentMb.set(level, [...(this.#residentMb.get(level) ?? []), residentMb]);
    }
    return staying;
  }

  outcome(): { readonly measurements: Measurement[]; readonly goals: Goal[] } {
    const measurements = [...this.#samples].flatMap(([level, samples]) =>
      samples.measurements().map((measurement) => ({ situation: count(level), ...measurement })),
    );
    const deletions = measurements.filter(({ subject, step }) => subject === 'routed' && step === 'DeleteEndpoint');
    const most = Math.max(...this.#samples.keys());
    const growth = compareGrowth(this.#growth(most, 'routed'), this.#growth(most, floorName));
    return {
      measurements,
      goals: [
        atMost(
          `RequestAddress + CreateEndpoint + Join, ${count(most)} live: growth beyond the floor's`,
          1.3,
          growth.median,
        ),
        atMost('DeleteEndpoint, any number live: ms p50', 1, Math.max(...deletions.map(({ us }) => us.p50)) / 1000),
      ],
    };
  }

  memory(): Figure[] {
    return [...this.#residentMb].map(([level, values]) => ({
      ...spread(values),
      situation: count(level),
      subject: 'routed',
      name: 'resident memory',
      unit: 'MB',
    }));
  }

  #growth(level: number, subject: string): { readonly before: number[][]; readonly after: number[][] } {
    const at = (where: number): number[][] =>
      this.#samples
        .get(where)!
        .rounds(subject, 'up')
        .map((round) => [...round]);
    return { before: at(0), after: at(level) };
  }
}

async function tearDown(host: PluginHost, endpoints: readonly LiveEndpoint[]): Promise<Teardown> {
  await using watch = await LinkWatch.open(host);
  const { seconds, deleteUs } = await lower(host, endpoints, teardownParallel, watch.onDeleted);
  await host.settle();
  if (watch.isDeaf || watch.goneMs.length !== endpoints.length)
    throw new Error(`saw ${watch.goneMs.length} of ${endpoints.length} links go`);
  return { seconds, deleteUs, goneMs: watch.goneMs };
}

function teardownMeasurements(deleted: Measurement['us'], goneMs: readonly number[]): Measurement[] {
  const situation = `mass teardown, ${teardownParallel} at a time`;
  const gone = summarize([goneMs.map((ms) => ms * 1000)]);
  return [
    { situation, subject: 'routed', step: 'DeleteEndpoint', us: deleted },
    { situation, subject: 'routed', step: 'link gone after DeleteEndpoint', us: gone },
  ];
}

function teardownFigures(teardowns: readonly Teardown[]): Figure[] {
  const rates = teardowns.map(({ seconds, deleteUs }) => deleteUs.length / seconds);
  return [{ ...spread(rates), situation: 'mass teardown', subject: 'routed', name: 'throughput', unit: 'endpoints/s' }];
}

function count(level: number): string {
  return level.toLocaleString('en');
}
