import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { markdownTable } from 'markdown-table';
import { ALL_TARGETS } from './all-targets.ts';
import { type Budget, fuzz, type Outcome } from './run.ts';
import { Watchdog } from './watchdog.ts';

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
  const watchdog = new Watchdog();
  const outcomes: Outcome[] = [];
  for (const target of targets) {
    const budget: Budget =
      runs === undefined
        ? { deadline: performance.now() + (seconds * 1000) / targets.length }
        : { inputs: Math.ceil((runs * target.weight) / total) };
    outcomes.push(await fuzz(target, { seed, budget, watchdog }));
  }
  await watchdog.close();
  report(outcomes);
}

function report(outcomes: readonly Outcome[]): void {
  const crashes = outcomes.flatMap((outcome) => outcome.crashes);
  for (const { target, seed, path, input, error } of crashes) {
    say(`\n${target}, seed ${seed}, path ${path}\n  input ${input}\n  ${error}\n`);
  }
  const inputs = outcomes.reduce((sum, outcome) => sum + outcome.inputs, 0);
  const rows = outcomes.map((outcome) => [
    outcome.target,
    outcome.inputs.toLocaleString('en'),
    outcome.seconds.toFixed(1),
    String(outcome.crashes.length),
  ]);
  say(
    markdownTable(
      [['target', 'inputs', 's', 'crashes'], ...rows, ['all', inputs.toLocaleString('en'), '', String(crashes.length)]],
      { align: ['l', 'r', 'r', 'r'] },
    ),
  );
  process.exitCode = crashes.length === 0 ? 0 : 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// Most inputs end with an error, whose stack nobody reads.
Error.stackTraceLimit = 4;
await program.parseAsync();
