import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { markdownTable } from 'markdown-table';
import { fuzz } from './fuzz.ts';
import { ALL_TARGETS } from './targets/all-targets.ts';

interface Flags {
  readonly runs?: number;
  readonly seconds?: number;
  readonly seed: number;
  readonly target?: string;
}

const program = new Command('tools/fuzz')
  .description(
    'feed what comes from outside with inputs that nobody sends; exit code 1 when one does what must not happen',
  )
  .option('--runs <count>', 'inputs in all, shared out among the targets', wholeNumber)
  .option('--seconds <count>', 'time in all, instead of a number of inputs (default: 60)', wholeNumber)
  .option('--seed <number>', 'of an earlier run, to repeat it', wholeNumber, randomInt(2 ** 31))
  .option('--target <name>', `one only: ${ALL_TARGETS.map(({ name }) => name).join(', ')}`)
  .action(main);

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

async function main({ runs, seconds = 60, seed, target: only }: Flags): Promise<void> {
  const targets = ALL_TARGETS.filter(({ name }) => only === undefined || name === only);
  if (targets.length === 0) program.error(`error: there is no target "${only ?? ''}"`);
  say(`seed ${seed}`);
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const rows: (readonly [name: string, inputs: number, seconds: number, crashes: number])[] = [];
  for (const target of targets) {
    const budget =
      runs === undefined
        ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: (seconds * 1000) / targets.length }
        : { numRuns: Math.ceil((runs * target.weight) / total) };
    const started = performance.now();
    const details = await fuzz(target, { seed, ...budget });
    rows.push([target.name, details.numRuns, (performance.now() - started) / 1000, details.failed ? 1 : 0]);
    if (details.failed) say(`\n${target.name}: ${fc.defaultReportMessage(details) ?? ''}\n`);
  }
  report(rows);
}

function report(rows: readonly (readonly [name: string, inputs: number, seconds: number, crashes: number])[]): void {
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
