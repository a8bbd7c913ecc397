import { Command, InvalidArgumentError } from 'commander';
import { openLab } from '@routed/lab';
import { describeMachine } from './process/machine.ts';
import { saveResult } from './report/save-result.ts';
import { renderGoals, renderTable, type Result } from './report/table.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { scenarios } from './scenarios/scenarios.ts';

interface Options {
  readonly rounds?: number;
  readonly quick: boolean;
  readonly scenario?: readonly string[];
}

const defaultRounds = { full: 6, quick: 2 } as const;

async function bench({ rounds, quick, scenario }: Options): Promise<void> {
  const effort = { rounds: rounds ?? (quick ? defaultRounds.quick : defaultRounds.full), isQuick: quick };
  const machine = describeMachine();
  const results: Result[] = [];
  await using lab = await openLab();
  for (const chosen of choose(scenario)) {
    const log = (line: string): void => console.error(`${chosen.name}: ${line}`);
    try {
      results.push({ scenario: chosen.name, title: chosen.title, ...(await chosen.run({ lab, effort, log })) });
    } catch (error) {
      console.error(error);
      process.exitCode = 1;
    }
  }

  const goals = results.flatMap((result) => result.goals ?? []);
  const { cpu, cpus, kernel, distribution, node, load } = machine;
  console.log(`${cpus} x ${cpu}, Linux ${kernel}, ${distribution}, Node ${node}, load ${load.toFixed(1)}\n`);
  console.log(`${renderTable(results)}\n\n${renderGoals(goals)}`);
  const date = new Date().toISOString();
  const path = await saveResult(`${date.replaceAll(':', '-')}.json`, { date, machine, effort, results });
  console.log(`\nwritten to ${path}`);
  if (goals.some(({ isMet, isHard }) => !isMet && isHard)) process.exitCode = 1;
}

function choose(names: readonly string[] | undefined): readonly Scenario[] {
  if (names === undefined) return scenarios.filter(({ isOnDemand }) => isOnDemand !== true);
  return names.map((name) => scenarios.find((scenario) => scenario.name === name)!);
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

await new Command('bench')
  .description('measures the plugin side by side with the kernel floor and its peers; see docs/performance.md')
  .option('--rounds <n>', 'rounds of each scenario', positive)
  .option('--quick', 'few samples: to see whether it works', false)
  .option('--scenario <name>', 'only this one; may be repeated', scenarioName)
  .action(bench)
  .parseAsync();
