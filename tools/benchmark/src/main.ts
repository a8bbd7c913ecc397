import { Command, InvalidArgumentError } from 'commander';
import { ci } from './commands/ci.ts';
import { document } from './commands/document.ts';
import { netns } from './commands/netns.ts';
import { run } from './commands/run.ts';
import { soak } from './commands/soak.ts';
import { scenarios } from './scenarios/scenarios.ts';

function positiveNumber(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('expected a number above 0.');
  return number;
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('expected a whole number from 1.');
  return number;
}

function scenarioName(name: string, previous: readonly string[] = []): readonly string[] {
  const names = scenarios.map((scenario) => scenario.name);
  if (!names.includes(name)) throw new InvalidArgumentError(`expected one of ${names.join(', ')}.`);
  return [...previous, name];
}

const program = new Command('bench').description('benchmarks of routed; see docs/reference/performance.md');

program
  .command('run', { isDefault: true })
  .description(
    'measure the plugin side by side with the kernel floor and its peers (this is what runs without a command)',
  )
  .option('--rounds <n>', 'rounds of each scenario', positive)
  .option('--quick', 'few samples: to see whether it works', false)
  .option(
    '--scenario <name>',
    `only this one; may be repeated: ${scenarios.map(({ name }) => name).join(', ')}`,
    scenarioName,
  )
  .action(run);

program
  .command('ci')
  .description(
    'fail when a ratio to the kernel floor has become much worse than the one in tools/benchmark/baseline.json',
  )
  .option('--record', 'write the ratios of this run there instead', false)
  .option('--record-modules', 'write what the program consists of to modules.json instead', false)
  .action(ci);

program
  .command('netns')
  .description('compare the requests of @routed/netns with those of a C program')
  .option('--rounds <n>', 'rounds of each request', positive, 15)
  .option('--node <path...>', 'also under these versions of Node')
  .option('--against <folder>', 'also that build of packages/netns, such as that of another clone')
  .option('--document', 'write the figures into packages/netns/README.md', false)
  .action(netns);

program
  .command('soak')
  .description('mixed churn; fail when memory, file descriptors, links, routes, leases or state have grown')
  .option('--minutes <n>', 'how long', positiveNumber, 30)
  .action(soak);

program
  .command('document')
  .description('store results in docs/reference/performance.json; write the performance pages and their chart from it')
  .argument(
    '[file...]',
    'results of tools/bench run; where two have the same scenario, the latter counts (the last run)',
  )
  .option('--stored', 'write the pages from what is stored already', false)
  .action(document);

await program.parseAsync();
