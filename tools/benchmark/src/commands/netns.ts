import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { compareRequests, readAMillion, type Comparison, type Cost, type Subject } from '../netlink/measure.ts';
import { renderComparisons, renderCosts } from '../netlink/report.ts';
import { Stage } from '../netlink/stage.ts';
import { describeMachine, renderMachine } from '../process/machine.ts';
import { fillBlocks } from '../report/document.ts';

const run = promisify(execFile);
const library = join(import.meta.dirname, '../../../../packages/netns');

export interface NetnsOptions {
  readonly rounds: number;
  /** Paths of other versions of Node. */
  readonly node?: readonly string[];
  /** The folder of another build of the library. */
  readonly against?: string;
  readonly document: boolean;
}

/** Compares @routed/netns with a C program, and writes the figures into its README. */
export async function netns({ rounds, node = [], against, document }: NetnsOptions): Promise<void> {
  const subjects = await chooseSubjects([process.execPath, ...node], against);
  await using stage = await Stage.open();
  const comparisons = await compareRequests(stage, subjects, rounds);
  console.log(renderComparisons(comparisons, subjects));
  const costs = await readAMillion(stage, subjects);
  console.log(`\n${renderCosts(costs)}`);
  if (!document) return;
  const where = `${new Date().toISOString().slice(0, 10)}, ${renderMachine(describeMachine())}; ${rounds} rounds.`;
  const path = join(library, 'README.md');
  const text = fillBlocks(await readFile(path, 'utf8'), ([name]) =>
    name === 'netns' ? `${where}\n\n${ofThisBuild(subjects, comparisons, costs)}` : undefined,
  );
  await writeFile(path, text);
  console.log('\npackages/netns/README.md has these figures');
}

/** Without the figures of another build, which mean nothing to readers. */
function ofThisBuild(subjects: readonly Subject[], comparisons: readonly Comparison[], costs: readonly Cost[]): string {
  const isThis = subjects.map((subject) => subject.library === library);
  const names = new Set(subjects.filter((_, place) => isThis[place]).map(({ name }) => name));
  const ratios = comparisons.map((row) => ({ ...row, ratios: row.ratios.filter((_, place) => isThis[place]) }));
  const table = renderComparisons(
    ratios,
    subjects.filter(({ name }) => names.has(name)),
  );
  return `${table}\n\n${renderCosts(costs.filter(({ subject }) => names.has(subject)))}`;
}

async function chooseSubjects(nodes: readonly string[], against: string | undefined): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const node of nodes) {
    const { stdout } = await run(node, ['--version']);
    const name = `Node ${stdout.trim().slice(1).split('.')[0]}`;
    if (against !== undefined) subjects.push({ name: `${name}, before`, node, library: resolve(against) });
    subjects.push({ name, node, library });
  }
  return subjects;
}
