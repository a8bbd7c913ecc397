import { Command, InvalidArgumentError } from 'commander';
import { describeFailure, explore } from './simulate.ts';

interface Flags {
  readonly seed?: number;
  readonly from: number;
  readonly seconds: number;
  readonly lines: number;
}

const program = new Command('npm run simulate --')
  .description(
    'let simulated clusters live through what their seeds say; exit code 1 at one that does what must not happen',
  )
  .option('--seed <number>', 'this one only', wholeNumber)
  .option('--from <number>', 'the first of many', wholeNumber, 1)
  .option('--seconds <count>', 'for how long', wholeNumber, 60)
  .option('--lines <count>', 'the last lines of the story of a failure', wholeNumber, 60)
  .action(main);

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

async function main({ seed, from, seconds, lines }: Flags): Promise<void> {
  const range = seed === undefined ? { from, seconds } : { from: seed, seconds: 0 };
  const { seeds, virtualSec, failed } = await explore(range);
  if (failed !== undefined) say(`${describeFailure(failed, lines)}\n`);
  say(`${seeds} seeds, ${Math.round(virtualSec)} s of virtual time, ${failed === undefined ? 'no' : 'one'} failure`);
  process.exitCode = failed === undefined ? 0 : 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await program.parseAsync();
