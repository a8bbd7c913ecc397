import { openLab } from '@routed/lab';
import { describeMachine, renderMachine } from '../process/machine.ts';
import { saveResult } from '../report/save-result.ts';
import { renderGoals, renderTable, type Report, type Result } from '../report/table.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';

export interface RunOptions {
  readonly rounds?: number;
  readonly quick: boolean;
  readonly scenario?: readonly string[];
}

const defaultRounds = { full: 6, quick: 2 } as const;

/** Runs scenarios, prints what they found, and writes it to a file. Fails the process when a hard goal is missed. */
export async function run({ rounds, quick, scenario }: RunOptions): Promise<void> {
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

  const report: Report = { date: new Date().toISOString(), machine, effort, results };
  const goals = results.flatMap((result) => result.goals ?? []);
  console.log(`${renderMachine(machine)}\n\n${renderTable(results)}\n\n${renderGoals(goals)}`);
  console.log(`\nwritten to ${await saveResult(`${report.date.replaceAll(':', '-')}.json`, report)}`);
  if (goals.some(({ isMet, isHard }) => !isMet && isHard)) process.exitCode = 1;
}

function choose(names: readonly string[] | undefined): readonly Scenario[] {
  if (names === undefined) return scenarios;
  return names.map((name) => scenarios.find((scenario) => scenario.name === name)!);
}
