import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { Effect } from '../../src/plan/effects.ts';
import type { Suite } from './changes.ts';
import { frrVersion } from './release.ts';

/** What was predicted of a change, and what it did. */
export interface Result {
  readonly what: string;
  readonly effect: Effect;
  readonly sent: number;
  readonly lost: number;
}

const PAGE = fileURLToPath(new URL('../../../../docs/router-changes.md', import.meta.url));
const HEAD = ['protocol', 'change', 'plan'];
/** Cells of a row: those of {@link HEAD}, then one per release. */
type Row = string[];

function cellsOf(line: string): Row {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** `lost / sent` of the worst run. */
function figure(results: readonly Result[]): string {
  const worst = results.toSorted((a, b) => b.lost - a.lost)[0];
  return worst === undefined ? '' : `${worst.lost} / ${worst.sent}`;
}

/** `FRR 8.4, 2026-11-28`: of any patch level. */
function columnHead(): string {
  return `${releaseOf(`FRR ${frrVersion()}`)}, ${new Date().toISOString().slice(0, 10)}`;
}

/** `FRR 8.4`, whatever the patch level and the date. */
function releaseOf(head: string): string {
  return /^FRR \d+\.\d+/.exec(head)?.[0] ?? head;
}

interface Table {
  readonly lines: readonly string[];
  readonly head: Row;
  readonly rows: readonly Row[];
}

function readTable(): Table {
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const [head = HEAD, , ...rows] = lines.filter((line) => line.startsWith('|')).map(cellsOf);
  return { lines, head, rows };
}

/** UPDATE_MATRIX=missing: today's column is there, and only its empty fields are measured. */
const IS_MISSING_ALONE = process.env.UPDATE_MATRIX === 'missing';

function rowOf({ rows }: Table, { protocol }: Suite, what: string): Row | undefined {
  return rows.find(([own, change]) => own === protocol && change === what);
}

/** What decides whether a trial is run: everything is wanted unless only empty fields are filled in. */
export function wantedTrials(): (suite: Suite, what: string) => boolean {
  if (!IS_MISSING_ALONE) return () => true;
  const table = readTable();
  const at = table.head.indexOf(columnHead());
  if (at < 0) throw new Error(`${PAGE} has no column "${columnHead()}": measure the whole one with UPDATE_MATRIX=1`);
  return (suite, what) => (rowOf(table, suite, what)?.[at] ?? '') === '';
}

/**
 * Writes what was measured on this machine's FRR into the page, as one whole column that says its release and its date
 * (UPDATE_MATRIX=1 ROUTED_ATTACK=all). Nothing of the column that was there before stays, so no column mixes states of
 * the code of several days; what was not measured is empty. UPDATE_MATRIX=missing fills that in on the same day.
 */
export async function record(suites: readonly Suite[], results: ReadonlyMap<Suite, readonly Result[]>): Promise<void> {
  const { UPDATE_MATRIX, ROUTED_ATTACK } = process.env;
  if ((UPDATE_MATRIX !== '1' && !IS_MISSING_ALONE) || ROUTED_ATTACK !== 'all') return;
  const own = columnHead();
  const table = readTable();
  const { lines, head } = table;
  const others = head.slice(HEAD.length).filter((one) => releaseOf(one) !== releaseOf(own));
  const columns = [...others, own].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const next = suites.flatMap((suite) =>
    suite.trials.map(({ what, effect }): Row => {
      const measured = (results.get(suite) ?? []).filter((result) => result.what === what);
      const before = rowOf(table, suite, what);
      const cell = (column: string): string => {
        const known = before?.[head.indexOf(column)] ?? '';
        return column === own && (!IS_MISSING_ALONE || known === '') ? figure(measured) : known;
      };
      return [suite.protocol, what, effect, ...columns.map(cell)];
    }),
  );
  const all = [[...HEAD, ...columns], [...HEAD, ...columns].map(() => '---'), ...next];
  const first = lines.findIndex((line) => line.startsWith('|'));
  const count = lines.filter((line) => line.startsWith('|')).length;
  const [above, below] = [lines.slice(0, first), lines.slice(first + count)];
  const text = [...above, ...all.map((cells) => `| ${cells.join(' | ')} |`), ...below].join('\n');
  await writeFile(PAGE, await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}
