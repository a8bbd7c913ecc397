import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { markdownTable } from 'markdown-table';
import { describeFailure, explore } from '../../packages/driver/test/simulation/simulate.ts';
import { fuzz } from './fuzz.ts';
import { ALL_TARGETS } from './targets/all-targets.ts';

interface Flags {
  readonly runs?: number;
  readonly seconds?: number;
  readonly seed: number;
  readonly target?: string;
}

/** Simulated clusters ({@link explore}): one seed is one input, and only time limits their number. */
const CLUSTERS = 'simulated clusters';
const NAMES = [...ALL_TARGETS.map(({ name }) => name), CLUSTERS];

type Row = readonly [name: string, inputs: number, seconds: number, crashes: number];

const program = new Command('tools/fuzz')
  .description(
    'feed what comes from outside with inputs that nobody sends, and let simulated clusters live through what nobody plans; ' +
      'exit code 1 when one does what must not happen',
  )
  .option('--runs <count>', `inputs in all, shared out among the targets, without ${CLUSTERS}`, wholeNumber)
  .option('--seconds <count>', 'time in all, instead of a number of inputs (default: 60)', wholeNumber)
  .option('--seed <number>', 'of an earlier run, to repeat it', wholeNumber, randomInt(2 ** 31))
  .option('--target <name>', `one only: ${NAMES.join(', ')}`)
  .action(main);

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

async function main({ runs, seconds = 60, seed, target: only }: Flags): Promise<void> {
  const names = NAMES.filter((name) => only === undefined || name === only);
  if (names.length === 0) program.error(`error: there is no target "${only ?? ''}"`);
  if (only === CLUSTERS && runs !== undefined) program.error(`error: ${CLUSTERS} take --seconds, not --runs`);
  const targets = ALL_TARGETS.filter(({ name }) => names.includes(name));
  const secondsEach = seconds / names.length;
  say(`seed ${seed}`);
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const rows: Row[] = [];
  for (const target of targets) {
    const budget =
      runs === undefined
        ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: secondsEach * 1000 }
        : { numRuns: Math.ceil((runs * target.weight) / total) };
    const started = performance.now();
    const details = await fuzz(target, { seed, ...budget });
    rows.push([target.name, details.numRuns, (performance.now() - started) / 1000, details.failed ? 1 : 0]);
    if (details.failed) say(`\n${target.name}: ${fc.defaultReportMessage(details) ?? ''}\n`);
  }
  if (runs === undefined && names.includes(CLUSTERS)) rows.push(await simulateFor(secondsEach, seed));
  report(rows);
}

async function simulateFor(seconds: number, from: number): Promise<Row> {
  const started = performance.now();
  const { seeds, failed } = await explore({ from, seconds });
  if (failed !== undefined) say(`\n${CLUSTERS}: ${describeFailure(failed)}\n`);
  return [CLUSTERS, seeds, (performance.now() - started) / 1000, failed === undefined ? 0 : 1];
}

function report(rows: readonly Row[]): void {
  const inputs = rows.reduce((sum, row) => sum + row[1], 0);
  const crashes = rows.reduce((sum, row) => sum + row[3], 0);
  const cells = rows.map(([name, count, s, found]) => [name, count.toLocaleString('en'), s.toFixed(1), String(found)]);
  const all = ['all', inputs.toLocaleString('en'), '', String(crashes)];
  say(markdownTable([['target', 'inputs', 's', 'crashes'], ...cells, all], { align: ['l', 'r', 'r', 'r'] }));
  process.exitCode = crashes === 0 ? 0 : 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// Most inputs end with an error, whose stack nobody reads.
Error.stackTraceLimit = 4;
await program.parseAsync();
