import { markdownTable } from 'markdown-table';
import { short } from '../report/goals.ts';
import type { Comparison, Cost, Subject } from './measure.ts';

/** Goals of reading a million routes one after another. */
const limits = { extraMib: 60, delayP99Ms: 2 } as const;

const ways = { stream: 'one after another', hold: 'in one list' } as const;

/** Times as long as the C program, each the median of the rounds and its extremes. */
export function renderComparisons(comparisons: readonly Comparison[], subjects: readonly Subject[]): string {
  const rows = comparisons.map(({ name, goal, floorUs, ratios }) => [
    name,
    `${short(floorUs)} µs`,
    ...ratios.map(({ median, min, max }) => `${mark(median, goal)} (${short(min)} to ${short(max)})`),
    `${goal}`,
  ]);
  const head = ['request', 'C', ...subjects.map(({ name }) => name), 'goal'];
  return markdownTable([head, ...rows], { align: head.map((_, column) => (column === 0 ? 'l' : 'r')) });
}

/** What it takes to read a million routes. */
export function renderCosts(costs: readonly Cost[]): string {
  const rows = costs.map(({ subject, way, ms, extraMib, delayP99Ms }) => [
    `1,000,000 routes ${ways[way]}`,
    subject,
    `${(ms / 1000).toFixed(1)} s`,
    way === 'stream' ? `${mark(extraMib, limits.extraMib)} MiB` : `${short(extraMib)} MiB`,
    `${mark(delayP99Ms, limits.delayP99Ms)} ms`,
  ]);
  const head = [
    'read',
    'with',
    'time',
    `memory, at most ${limits.extraMib}`,
    `delay p99, at most ${limits.delayP99Ms}`,
  ];
  return markdownTable([head, ...rows], { align: ['l', 'l', 'r', 'r', 'r'] });
}

function mark(value: number, limit: number): string {
  return value <= limit ? short(value) : `**${short(value)}**`;
}
