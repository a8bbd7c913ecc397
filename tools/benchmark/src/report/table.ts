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

const head = ['scenario', 'subject', 'step', 'p10', 'p50', 'p90', 'p99', 'unit', 'x reference', 'n'];

const alignment = head.map((_, column) => (column < 3 ? 'l' : 'r'));

/** Everything in one table, as Markdown. */
export function renderTable(results: readonly Result[]): string {
  const rows = results.flatMap(({ title, measurements = [], figures = [] }) => [
    ...measurements.map((measurement) => [heading(title, measurement), ...measurementCells(measurement)]),
    ...figures.map((figure) => [heading(title, figure), ...figureCells(figure)]),
  ]);
  return markdownTable([head, ...rows], { align: alignment });
}

export function renderGoals(goals: readonly Goal[]): string {
  return goals.map(({ text, isMet, found }) => `${isMet ? 'met   ' : 'MISSED'} ${text}: ${found}`).join('\n');
}

function heading(title: string, { situation }: { readonly situation?: string }): string {
  return situation === undefined ? title : `${title}, ${situation}`;
}

function measurementCells({ subject, step, us, ratio }: Measurement): string[] {
  const ms = (value: number): string => (value / 1000).toFixed(2);
  return [subject, step, ms(us.p10), ms(us.p50), ms(us.p90), ms(us.p99), 'ms', renderRatio(ratio), String(us.count)];
}

function figureCells({ subject, name, unit, value, min, max, ratio }: Figure): string[] {
  const range = min === undefined || max === undefined ? '' : `${short(min)} to ${short(max)}`;
  return [subject, name, '', short(value), range, '', unit, renderRatio(ratio), ''];
}

function renderRatio(ratio: Ratio | undefined): string {
  if (ratio === undefined) return '';
  return `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`;
}
