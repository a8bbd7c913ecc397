import { markdownTable } from 'markdown-table';
import { renderMachine } from '../process/machine.ts';
import { Figures } from './figures.ts';
import { sizingRows } from './sizing.ts';
import { summaryRows } from './summary.ts';
import { renderSideBySide } from './side-by-side.ts';
import { goalRows, rowsOf, type Report, type Result, tableHead } from './table.ts';

/** Steps that only explain others: in the JSON and on the terminal, not in the document. */
const details = [
  'create pair',
  'set up',
  'add route',
  'add neighbour',
  'delete route',
  'schedule delete',
  'all messages',
];
const detailsOf: Readonly<Record<string, readonly string[]>> = {
  scale: [
    'RequestAddress',
    'CreateEndpoint',
    'EndpointOperInfo',
    'Leave',
    'ReleaseAddress',
    'all calls',
    'link gone after',
  ],
  addresses: ['EndpointOperInfo', 'up', 'down', 'all calls', 'link gone after'],
};

/** Scenarios whose figures are told side by side, with the machine of their run. */
const sideBySide = ['packets'];

const block = /(<!-- bench: (.+?) -->\n)[\s\S]*?(<!-- \/bench -->)/g;

/**
 * Puts figures between the marks of a Markdown text: `<!-- bench: NAME... -->` and `<!-- /bench -->`, a name being that
 * of a scenario, `machine`, `goals`, `summary` or `sizing`. Blocks of which nothing was measured stay as they are.
 */
export function fillDocument(text: string, reports: readonly Report[]): string {
  return fillBlocks(text, (names) => contentOf(names, reports));
}

/** Puts into each marked block of a Markdown text what its names stand for; `undefined` leaves it as it is. */
export function fillBlocks(text: string, contentOf: (names: readonly string[]) => string | undefined): string {
  return text.replaceAll(block, (whole: string, begin: string, names: string, end: string) => {
    const content = contentOf(names.split(' '));
    return content === undefined ? whole : `${begin}\n${content}\n\n${end}`;
  });
}

function contentOf(names: readonly string[], reports: readonly Report[]): string | undefined {
  const results = latestOf(reports);
  if (names.includes('summary')) return markdownTable(summaryRows(new Figures(reports)));
  if (names.includes('sizing'))
    return markdownTable(sizingRows(new Figures(reports)), { align: ['l', 'r', 'r', 'r', 'r'] });
  if (names.includes('machine')) return reports.map(describe).join('\n');
  if (names.includes('goals')) return markdownTable(goalRows([...results.values()]));
  if (names.length === 1 && sideBySide.includes(names[0]!)) return sideBySideOf(names[0]!, reports);
  const chosen = names.flatMap((name) => results.get(name) ?? []);
  if (chosen.length === 0) return undefined;
  const rows = chosen.flatMap((result) => rowsOf([result]).filter(([, , step = '']) => isTold(result.scenario, step)));
  const { cells, align } = withoutEmptyColumns([[...tableHead], ...rows]);
  return markdownTable(cells, { align });
}

function isTold(scenario: string, step: string): boolean {
  return !details.includes(step) && detailsOf[scenario]?.includes(step) !== true;
}

function sideBySideOf(name: string, reports: readonly Report[]): string | undefined {
  const report = reports.findLast(({ results }) => results.some(({ scenario }) => scenario === name));
  const result = report?.results.find(({ scenario }) => scenario === name);
  if (report === undefined || result === undefined) return undefined;
  return `${describe({ ...report, results: [result] })}\n\n${renderSideBySide(result.figures ?? [])}`;
}

/** By scenario, from the last report that has it. */
function latestOf(reports: readonly Report[]): ReadonlyMap<string, Result> {
  return new Map(reports.flatMap(({ results }) => results.map((result) => [result.scenario, result] as const)));
}

function describe({ date, machine, effort, results }: Report): string {
  const names = results.map(({ scenario }) => scenario).join(', ');
  return `- ${date.slice(0, 10)}, ${renderMachine(machine)}; ${effort.rounds} rounds of ${names}.`;
}

function withoutEmptyColumns(rows: readonly (readonly string[])[]): {
  readonly cells: string[][];
  readonly align: string[];
} {
  const used = tableHead.map((_, column) => rows.slice(1).some((row) => row[column] !== ''));
  const keep = <T>(row: readonly T[]): T[] => row.filter((_, column) => used[column]);
  return { cells: rows.map(keep), align: keep(tableHead.map((_, column) => (column < 3 ? 'l' : 'r'))) };
}
