import { markdownTable } from 'markdown-table';
import type { Machine } from '../process/machine.ts';
import type { Effort, Figure, Goal, Measurement, Outcome } from '../scenarios/scenario.ts';
import type { Ratio } from '../statistics.ts';
import { short } from './goals.ts';

/** A scenario and what came of it. */
export interface Result extends Outcome {
  readonly scenario: string;
  readonly title: string;
}

/** What a run of the benchmark writes down. */
export interface Report {
  readonly date: string;
  readonly machine: Machine;
  readonly effort: Effort;
  readonly results: readonly Result[];
}

/** Figures that have one value a round have their least, median and greatest where others have p10, p50 and p90. */
export const tableHead = [
  'scenario',
  'subject',
  'step',
  'p10',
  'p50',
  'p90',
  'p99',
  'unit',
  'x reference',
  'samples',
] as const;

/** Everything in one table, as Markdown. */
export function renderTable(results: readonly Result[]): string {
  const align = tableHead.map((_, column) => (column < 3 ? 'l' : 'r'));
  return markdownTable([[...tableHead], ...rowsOf(results)], { align });
}

/** One row for each measurement and figure, with a cell for each column of {@link tableHead}. */
export function rowsOf(results: readonly Result[]): string[][] {
  return results.flatMap(({ title, measurements = [], figures = [] }) => [
    ...measurements.map((measurement) => [heading(title, measurement), ...measurementCells(measurement)]),
    ...figures.map((figure) => [heading(title, figure), ...figureCells(figure)]),
  ]);
}

export function renderGoals(goals: readonly Goal[]): string {
  return goals.map(({ text, isMet, found }) => `${isMet ? 'met   ' : 'MISSED'} ${text}: ${found}`).join('\n');
}

/** The goals of all results as a table, its head included. */
export function goalRows(results: readonly Result[]): string[][] {
  const goals = results.flatMap((result) => result.goals ?? []);
  return [
    ['goal', 'outcome'],
    ...goals.map(({ text, isMet, found }) => [text, `${isMet ? 'met' : '**missed**'}: ${found}`]),
  ];
}

function heading(title: string, { situation }: { readonly situation?: string }): string {
  return situation === undefined ? title : `${title}, ${situation}`;
}

function measurementCells({ subject, step, us, ratio }: Measurement): string[] {
  const ms = (value: number): string => (value / 1000).toFixed(2);
  return [subject, step, ms(us.p10), ms(us.p50), ms(us.p90), ms(us.p99), 'ms', renderRatio(ratio), String(us.count)];
}

function figureCells({ subject, name, unit, value, min, max, ratio }: Figure): string[] {
  const end = (bound: number | undefined): string => (bound === undefined ? '' : short(bound));
  return [subject, name, end(min), short(value), end(max), '', unit, renderRatio(ratio), ''];
}

/** `1.02 (0.98 to 1.05)`, or nothing. */
export function renderRatio(ratio: Ratio | undefined): string {
  if (ratio === undefined) return '';
  return `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`;
}
