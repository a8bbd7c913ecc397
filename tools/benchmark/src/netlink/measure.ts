import type { Program } from './program.ts';
import { routesOf, type Stage, tables } from './stage.ts';
import { compare, type Ratio, spread } from '../statistics.ts';

/** What is measured: a build of the library under a version of Node. */
export interface Subject {
  readonly name: string;
  readonly node: string;
  readonly library: string;
}

/** A request, how often it is made in a round, and what is asked of the C program and of the library for that. */
interface Task {
  readonly name: string;
  readonly goal: number;
  readonly count: number;
  readonly floor: string;
  readonly subject: string;
}

/** What came of a task: the time of one request, and what the subjects need in comparison. */
export interface Comparison extends Pick<Task, 'name' | 'goal'> {
  readonly floorUs: number;
  readonly ratios: readonly Ratio[];
}

/** What a million routes take; the worst of several readings. */
export interface Cost {
  readonly subject: string;
  readonly way: 'stream' | 'hold';
  readonly ms: number;
  readonly extraMib: number;
  readonly delayP99Ms: number;
}

const warmUp = 3;
const readings = 3;

function tasksOn(link: number): readonly Task[] {
  const both = (name: string, goal: number, count: number, question: string): Task => ({
    ...{ name, goal, count },
    ...{ floor: question, subject: question },
  });
  return [
    both('list of 1,003 links', 2, 1, 'list-links'),
    both('list of 10,000 routes', 10, 1, `list-routes ${tables.small}`),
    both('list of 100,000 routes', 10, 1, `list-routes ${tables.large}`),
    both('one address added', 5, 200, `add-addresses ${link} 200`),
    both('one route added', 5, 1000, `add-routes ${link} 1000`),
    both('one link looked up', 5, 1000, `get-links ${link} 1000`),
    both('one route looked up', 5, 1000, `get-routes 1000`),
    both('1,000 routes added in a `batch`', 2.5, 1, `batch-routes ${link} 1000`),
    {
      ...both('1,000 routes added by calls at once', 2.5, 1, `batch-routes ${link} 1000`),
      subject: `concurrent-routes ${link} 1000`,
    },
  ];
}

/** Has every subject and the C program take turns. */
export async function compareRequests(
  stage: Stage,
  subjects: readonly Subject[],
  rounds: number,
): Promise<readonly Comparison[]> {
  const programs = subjects.map(({ node, library }) => stage.start(node, library));
  try {
    const comparisons: Comparison[] = [];
    for (const task of tasksOn(stage.linkIndex))
      comparisons.push(await compareTask(task, stage.floor, programs, rounds));
    return comparisons;
  } finally {
    for (const program of programs) await program[Symbol.asyncDispose]();
  }
}

async function compareTask(
  { name, goal, count, floor, subject }: Task,
  reference: Program,
  programs: readonly Program[],
  rounds: number,
): Promise<Comparison> {
  const floorNs: number[][] = [];
  const subjectNs = programs.map((): number[][] => []);
  for (let round = -warmUp; round < rounds; round++) {
    const taken = [Number(await reference.ask(floor))];
    for (const program of programs) taken.push(Number(await program.ask(subject)));
    if (round < 0) continue;
    floorNs.push([taken[0]!]);
    taken.slice(1).forEach((ns, place) => subjectNs[place]?.push([ns]));
  }
  const floorUs = spread(floorNs.flat()).value / 1000 / count;
  return { name, goal, floorUs, ratios: subjectNs.map((samples) => compare(samples, floorNs)) };
}

/** Has each subject read a million routes, in a process that has read none before. */
export async function readAMillion(stage: Stage, subjects: readonly Subject[]): Promise<readonly Cost[]> {
  await stage.fillHuge();
  const costs: Cost[] = [];
  for (const { name, node, library } of subjects) {
    for (const way of ['stream', 'hold'] as const) {
      const found: Omit<Cost, 'subject' | 'way'>[] = [];
      for (let reading = 0; reading < readings; reading++) {
        await using program = stage.start(node, library);
        await program.ask(`${way} ${tables.small}`);
        found.push(JSON.parse(await program.ask(`${way} ${tables.huge}`)) as Omit<Cost, 'subject' | 'way'>);
      }
      const worst = (figure: keyof (typeof found)[0]): number => Math.max(...found.map((one) => one[figure]));
      costs.push({
        subject: name,
        way,
        ms: worst('ms'),
        extraMib: worst('extraMib'),
        delayP99Ms: worst('delayP99Ms'),
      });
    }
  }
  return costs;
}

/** How many routes {@link readAMillion} reads. */
export const million: number = routesOf.huge;
