import { printable } from '@routed/text';
import type CliTable from 'cli-table3';
import { createRequire } from 'node:module';
import { coloured, type Painted } from './colour.ts';
import { sayPrintable } from './terminal.ts';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/** What stands in a cell: a line, which may be in a colour, or several. */
export type Cell = string | Painted | readonly string[];

/** Prints rows in columns, without lines: for people, and for grep. An empty head is left out. */
export function printTable(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  // Loaded when something is printed: most runs of the program print none.
  const Table = createRequire(import.meta.url)('cli-table3') as typeof CliTable;
  const table = new Table({
    head: [...head],
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  // Before the table is laid out: what is escaped is longer, and a line feed in a name would make rows.
  for (const row of rows) table.push(row.map(linesOf));
  const lines = table.toString().split('\n');
  sayPrintable(lines.map((line) => line.trimEnd()).join('\n'));
}

function linesOf(cell: Cell): string {
  if (typeof cell === 'string') return printable(cell);
  if ('text' in cell) return coloured({ ...cell, text: printable(cell.text) });
  return cell.map(printable).join('\n');
}
