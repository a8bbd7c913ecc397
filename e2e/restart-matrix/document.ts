import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Survival } from './survivals.ts';

const document = join(import.meta.dirname, '../../docs/operations.md');
const block = /<!-- survivals -->\n([^]*?)<!-- \/survivals -->/;

/** The table of docs/operations.md: the texts of each row, its head first, without the line below that. */
export async function documentedRows(): Promise<string[][]> {
  const table = block.exec(await readFile(document, 'utf8'))?.[1] ?? '';
  const lines = table.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| -'));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What the table has to be. */
export function rowsOf(survivals: readonly Survival[]): string[][] {
  return [
    ['what happens', 'running containers', 'packets to them', 'their addresses', 'what to do'],
    ...survivals.map(({ event, containers, traffic, addresses, advice }) => [
      event,
      containers,
      traffic,
      addresses,
      advice,
    ]),
  ];
}
