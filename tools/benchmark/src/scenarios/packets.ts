import { PacketStage, type Situation, situations } from '../packets/stage.ts';
import { macvlanName, referenceName, routedName, type Subject, untrackedName } from '../packets/subjects.ts';
import { ask, carryStreams, flood, greet, type Path } from '../packets/traffic.ts';
import { atLeast } from '../report/goals.ts';
import { shuffled } from '../shuffled.ts';
import { compare, mediansOf, type Ratio, type Rounds, spread } from '../statistics.ts';
import type { Figure, Goal, Outcome, Scenario, Setting } from './scenario.ts';

/** Turns of each subject in a round, short ones: what disturbs the machine for a moment disturbs one of them. */
const turns = { full: { count: 5, ms: 100 }, quick: { count: 1, ms: 50 } } as const;
/** Nearer than what two containers of one network differ by, from run to run. */
const equal = 0.97;
const untrackedToMacvlan = 0.75;

/** One value of what was measured. Names are stable: charts are drawn by them. */
interface Value {
  readonly name: string;
  readonly unit: string;
  /** Whether less is better. */
  readonly isCost?: boolean;
  /** Explains others: not a goal by itself. */
  readonly isDetail?: boolean;
}

const received: Value = { name: 'UDP of 64 bytes, received', unit: 'kpackets/s' };

/** What is done on a path, and the values that come of it, in their order. */
interface Measure {
  readonly values: readonly Value[];
  run(path: Path, ms: number): Promise<number[]>;
}

/** All, in the order of the table. */
const measures: readonly Measure[] = [
  ...([1, 8] as const).map((connections): Measure => {
    const streams = connections === 1 ? '1 stream' : `${connections} streams`;
    return {
      values: [
        { name: `TCP, ${streams}`, unit: 'Gbit/s' },
        { name: `CPU per gigabit, ${streams}`, unit: 'ms', isCost: true },
      ],
      run: async (path, ms) => {
        const { gbps, cpuMs } = await carryStreams(path, connections, ms);
        return [gbps, cpuMs];
      },
    };
  }),
  { values: [{ name: 'connections', unit: '/s' }], run: async (path, ms) => [await greet(path, ms)] },
  ...(['tcp', 'udp'] as const).map((protocol): Measure => {
    const name = `${protocol.toUpperCase()} request and answer`;
    return {
      values: [
        { name: `${name}, p50`, unit: 'us', isCost: true },
        { name: `${name}, p99`, unit: 'us', isCost: true },
      ],
      run: async (path, ms) => {
        const { p50, p99 } = await ask(path, protocol, ms);
        return [p50, p99];
      },
    };
  }),
  {
    values: [
      { name: 'UDP of 64 bytes, sent', unit: 'kpackets/s', isDetail: true },
      received,
      { name: 'UDP of 64 bytes, CPU of the sender', unit: 'us', isCost: true },
      { name: 'UDP of 64 bytes, lost', unit: '%', isCost: true, isDetail: true },
    ],
    run: async (path, ms) => {
      const { sent, received: came, senderUs, lostPercent } = await flood(path, true, ms);
      return [sent, came, senderUs, lostPercent];
    },
  },
  {
    // Nobody answers: to connection tracking every datagram is a first one.
    values: [{ name: 'UDP of 64 bytes, one way', unit: 'kpackets/s' }],
    run: async (path, ms) => [(await flood(path, false, ms)).received],
  },
];

const allValues = measures.flatMap(({ values }) => values);

/** Values of each turn, by round. */
class Found {
  readonly #byKey = new Map<string, number[][]>();

  add(situation: Situation, subject: string, value: Value, { round, found }: { round: number; found: number }): void {
    const key = [situation, subject, value.name].join();
    const rounds = this.#byKey.get(key) ?? [];
    this.#byKey.set(key, rounds);
    (rounds[round] ??= []).push(found);
  }

  rounds(situation: Situation, subject: string, value: Value): Rounds {
    return this.#byKey.get([situation, subject, value.name].join()) ?? [];
  }

  /** Values of the subject to those of another, round by round; more is better. */
  better(situation: Situation, subject: string, other: string, value: Value): Ratio {
    const [one, two] = [this.rounds(situation, subject, value), this.rounds(situation, other, value)];
    return value.isCost === true ? compare(two, one) : compare(one, two);
  }
}

/**
 * What packets of containers meet, on one host and from one host to another, on each kind of network in turns.
 *
 * Its result has figures only: `situation` is where the ends are (`one host`, `between hosts`), `subject` the kind of network
 * (`packets/subjects.ts`), `name` the value (`measures` above), `value`, `min` and `max` the median of the rounds' medians and the extremes of these, and `ratio`
 * how many times the bridge's of the same round. For times and losses less is better, for the rest more.
 */
export const packetsScenario: Scenario = {
  name: 'packets',
  title: 'packets',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    await using stage = await PacketStage.open(lab, log);
    const { count, ms } = effort.isQuick ? turns.quick : turns.full;
    const found = new Found();
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      for (const situation of situations)
        for (const measure of repeated(measures, count))
          await takeTurns(stage, measure, { situation, round, ms }, found);
    }
    const names = stage.subjects.map(({ name }) => name);
    return {
      figures: situations.flatMap((situation) => names.flatMap((name) => figures(situation, name, found))),
      goals: situations.flatMap((situation) => goals(situation, names, found)),
    };
  },
};

/** Each so many times in a row. */
function repeated<T>(items: readonly T[], count: number): T[] {
  return items.flatMap((item) => Array.from({ length: count }, () => item));
}

interface Turn {
  readonly situation: Situation;
  readonly round: number;
  readonly ms: number;
}

/** One of each subject. */
async function takeTurns(stage: PacketStage, measure: Measure, turn: Turn, found: Found): Promise<void> {
  const { situation, round, ms } = turn;
  for (const subject of shuffled<Subject>(stage.subjects)) {
    const results = await measure.run(stage.path(subject, situation), ms);
    for (const [index, value] of measure.values.entries())
      found.add(situation, subject.name, value, { round, found: results[index]! });
  }
}

function figures(situation: Situation, subject: string, found: Found): Figure[] {
  return allValues.map((value) => {
    const rounds = found.rounds(situation, subject, value);
    const { name, unit } = value;
    const isCompared = subject !== referenceName && value.unit !== '%';
    const reference = found.rounds(situation, referenceName, value);
    const ratio = isCompared && { ratio: compare(rounds, reference) };
    return { situation, subject, name, unit, ...spread(mediansOf(rounds)), ...ratio };
  });
}

function goals(situation: Situation, names: readonly string[], found: Found): Goal[] {
  const better = (value: Value): number => found.better(situation, routedName, referenceName, value).median;
  const [worst] = allValues.filter(({ isDetail }) => isDetail !== true).toSorted((a, b) => better(a) - better(b));
  const text = `packets, ${situation}: routed to bridge, the worst of its rows, more is better`;
  const goal = atLeast(text, equal, better(worst!));
  return [
    { ...goal, found: `${goal.found}, ${worst!.name}` },
    ...(names.includes(untrackedName)
      ? [
          atLeast(
            `packets, ${situation}, ${received.name}: ${untrackedName} to macvlan`,
            untrackedToMacvlan,
            found.better(situation, untrackedName, macvlanName, received).median,
          ),
        ]
      : []),
  ];
}
