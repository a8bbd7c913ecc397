import { SORT_KEYS, type SortKey, type TopRow } from './rows.ts';

const UNITS = ['', 'k', 'M', 'G', 'T'] as const;
const PERCENT = 100;

/** The head of the table; that of the column that rows are sorted by is marked. Pure. */
export function topHead(sort: SortKey): readonly string[] {
  const heads: Readonly<Record<string, SortKey>> = {
    CONTAINER: 'name',
    'IN BIT/S': 'in',
    'OUT BIT/S': 'out',
    'PACKETS/S': 'packets',
    REFUSED: 'refused',
    LIMIT: 'limit',
  };
  const columns = ['CONTAINER', 'NETWORK', 'ADDRESS', 'IN BIT/S', 'OUT BIT/S', 'PACKETS/S', 'REFUSED', 'LIMIT'];
  return columns.map((column) => (heads[column] === sort ? `${column}*` : column));
}

/** A row of the table. Pure. */
export function topCells(row: TopRow): readonly string[] {
  const [address = '', ...more] = row.addresses;
  return [
    row.container,
    row.network,
    more.length === 0 ? address : `${address} +${more.length}`,
    rateText(row.inBitsPerSec),
    rateText(row.outBitsPerSec),
    rateText(row.inPacketsPerSec + row.outPacketsPerSec),
    String(row.refused),
    row.limitUse === undefined ? '-' : `${Math.round(row.limitUse * PERCENT)}%`,
  ];
}

/** Three digits and a prefix: `0`, `950`, `1.5k`, `12.3M`. Pure. */
export function rateText(value: number): string {
  let power = 0;
  let rest = value;
  while (rest >= 999.5 && power < UNITS.length - 1) {
    rest /= 1000;
    power++;
  }
  const digits = power > 0 && rest < 99.95 ? 1 : 0;
  return `${rest.toFixed(digits)}${UNITS[power] ?? ''}`;
}

/** What a key that is pressed stands for. Pure. */
export function keyMeaning(key: string): SortKey | 'quit' | undefined {
  if (key === 'q' || key === '\u0003' || key === '\u0004') return 'quit';
  return SORT_KEYS.find((name) => name[0] === key.toLowerCase());
}
