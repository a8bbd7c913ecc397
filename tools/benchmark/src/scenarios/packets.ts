import { PacketStage, type Situation, situations } from '../packets/stage.ts';
import { macvlanName, referenceName, routedName, type Subject, untrackedName } from '../packets/subjects.ts';
import { ask, carryStreams, flood, greet, type Path } from '../packets/traffic.ts';
import { atLeast } from '../report/goals.ts';
import { shuffled } from '../shuffled.ts';
import { compare, type Ratio, spread } from '../statistics.ts';
import type { Figure, Goal, Outcome, Scenario, Setting } from './scenario.ts';

const durationMs = { full: 500, quick: 50 } as const;
/** Of medians of half a second: what two containers on the same network differ by, from run to run. */
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

/** What is done on each path, and the values that come of it, in their order. */
const measures: readonly (readonly [values: readonly Value[], run: (path: Path, ms: number) => Promise<number[]>])[] = [
  ...([1, 8] as const).map((connections): (typeof measures)[number] => {
    const streams = connections === 1 ? '1 stream' : `${connections} streams`;
    return [
      [
        { name: `TCP, ${streams}`, unit: 'Gbit/s' },
        { name: `CPU per gigabit, ${streams}`, unit: 'ms', isCost: true },
      ],
      async (path, ms) => {
        const { gbps, cpuMs } = await carryStreams(path, connections, ms);
        return [gbps, cpuMs];
      },
    ];
  }),
  [[{ name: 'connections', unit: '/s' }], async (path, ms) => [await greet(path, ms)]],
  ...(['tcp', 'udp'] as const).map((protocol): (typeof measures)[number] => {
    const name = `${protocol.toUpperCase()} request and answer`;
    return [
      [
        { name: `${name}, p50`, unit: 'us', isCost: true },
        { name: `${name}, p99`, unit: 'us', isCost: true },
      ],
      async (path, ms) => {
        const { p50, p99 } = await ask(path, protocol, ms);
        return [p50, p99];
      },
    ];
  }),
  [
    [
      { name: 'UDP of 64 bytes, sent', unit: 'kpackets/s', isDetail: true },
      received,
      { name: 'UDP of 64 bytes, lost', unit: '%', isCost: true, isDetail: true },
    ],
    async (path, ms) => {
      const { sent, received: came, lostPercent } = await flood(path, true, ms);
      return [sent, came, lostPercent];
    },
  ],
  // Nobody answers: to connection tracking every datagram is a first one.
  [
    [{ name: 'UDP of 64 bytes, one way', unit: 'kpackets/s' }],
    async (path, ms) => [(await flood(path, false, ms)).received],
  ],
];

const allValues = measures.flatMap(([values]) => values);

/** One value of each round. */
class Found {
  readonly #byKey = new Map<string, number[]>();

  add(situation: Situation, subject: string, value: Value, found: number): void {
    const key = [situation, subject, value.name].join();
    const rounds = this.#byKey.get(key) ?? [];
    this.#byKey.set(key, rounds);
    rounds.push(found);
  }

  rounds(situation: Situation, subject: string, value: Value): readonly number[] {
    return this.#byKey.get([situation, subject, value.name].join()) ?? [];
  }

  /** Values of the subject to those of another, round by round; more is better. */
  better(situation: Situation, subject: string, other: string, value: Value): Ratio {
    const [one, two] = [subject, other].map((name) => this.rounds(situation, name, value).map((each) => [each]));
    return value.isCost === true ? compare(two!, one!) : compare(one!, two!);
  }
}

/**
 * What packets of containers meet, on one host and from one host to another, on each kind of network in turns.
 *
 * Its result has figures only: `situation` is where the ends are (`one host`, `between hosts`), `subject` the kind of network
 * (`packets/subjects.ts`), `name` the value (`measures` above), `value`, `min` and `max` median and extremes of the rounds, and `ratio`
 * how many times the bridge's of the same round. For times and losses less is better, for the rest more.
 */
export const packetsScenario: Scenario = {
  name: 'packets',
  title: 'packets',
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    await using stage = await PacketStage.open(lab, log);
    const ms = effort.isQuick ? durationMs.quick : durationMs.full;
    const found = new Found();
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      for (const situation of situations) await takeTurns(stage, situation, ms, found);
    }
    const names = stage.subjects.map(({ name }) => name);
    return {
      figures: situations.flatMap((situation) => names.flatMap((name) => figures(situation, name, found))),
      goals: situations.flatMap((situation) => goals(situation, names, found)),
    };
  },
};

async function takeTurns(stage: PacketStage, situation: Situation, ms: number, found: Found): Promise<void> {
  for (const [values, run] of measures)
    for (const subject of shuffled<Subject>(stage.subjects)) {
      const results = await run(stage.path(subject, situation), ms);
      for (const [index, value] of values.entries()) found.add(situation, subject.name, value, results[index]!);
    }
}

function figures(situation: Situation, subject: string, found: Found): Figure[] {
  return allValues.map((value) => {
    const rounds = found.rounds(situation, subject, value);
    const { name, unit } = value;
    const isCompared = subject !== referenceName && value.unit !== '%';
    const reference = found.rounds(situation, referenceName, value);
    const ratio = isCompared && { ratio: compare(each(rounds), each(reference)) };
    return { situation, subject, name, unit, ...spread(rounds), ...ratio };
  });
}

function each(values: readonly number[]): number[][] {
  return values.map((value) => [value]);
}

function goals(situation: Situation, names: readonly string[], found: Found): Goal[] {
  const compared = allValues.filter(({ isDetail }) => isDetail !== true);
  return [
    ...compared.map((value) => {
      const { median } = found.better(situation, routedName, referenceName, value);
      return atLeast(`packets, ${situation}, ${value.name}: routed to bridge, more is better`, equal, median);
    }),
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
