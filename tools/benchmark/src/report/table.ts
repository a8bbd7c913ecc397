import Table from 'cli-table3';
import type { Figure, Goal, Measurement, Outcome } from '../scenarios/scenario.ts';
import type { Ratio } from '../statistics.ts';

/** A scenario and what came of it. */
export interface Result extends Outcome {
  readonly scenario: string;
  readonly title: string;
}

/** Borders that Markdown takes. */
const markdownBorders = { left: '|', middle: '|', right: '|', ...without('top', 'bottom', 'mid') };

const head = ['scenario', 'subject', 'step', 'p50', 'p90', 'p99', 'unit', 'x reference', 'n'];

/** Everything in one table. */
export function renderTable(results: readonly Result[]): string {
  const table = new Table({ head, chars: markdownBorders, style: { head: [], border: [], compact: true } });
  table.push(head.map((_, column) => (column < 3 ? '---' : '---:')));
  for (const { title, measurements = [], figures = [] } of results) {
    for (const measurement of measurements) table.push([title, ...measurementCells(measurement)]);
    for (const figure of figures) table.push([title, ...figureCells(figure)]);
  }
  return table.toString();
}

export function renderGoals(goals: readonly Goal[]): string {
  return goals.map(({ text, isMet, found }) => `${isMet ? 'met   ' : 'MISSED'} ${text}: ${found}`).join('\n');
}

function measurementCells({ subject, step, us, ratio }: Measurement): string[] {
  const ms = (value: number): string => (value / 1000).toFixed(2);
  return [subject, step, ms(us.p50), ms(us.p90), ms(us.p99), 'ms', renderRatio(ratio), String(us.count)];
}

function figureCells({ subject, name, unit, value, min, max, ratio }: Figure): string[] {
  const range = min === undefined || max === undefined ? '' : `${short(min)} to ${short(max)}`;
  return [subject, name, short(value), range, '', unit, renderRatio(ratio), ''];
}

function renderRatio(ratio: Ratio | undefined): string {
  if (ratio === undefined) return '';
  return `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function without(...lines: readonly string[]): Record<string, string> {
  const parts = lines.flatMap((line) => [
    line,
    `${line}-mid`,
    ...['left', 'right'].map((side) => borderName(line, side)),
  ]);
  return Object.fromEntries(parts.map((part) => [part, '']));
}

/** cli-table3 names the corners top-left, but left-mid. */
function borderName(line: string, side: string): string {
  return line === 'mid' ? `${side}-mid` : `${line}-${side}`;
}
