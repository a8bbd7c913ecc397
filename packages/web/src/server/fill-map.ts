import {
  type AddressValue,
  addressBits,
  contains,
  formatPrefix,
  includes,
  parseAddress,
  parsePrefix,
  type Prefix,
} from '@routed/addresses';
import type { FillMap } from '../shape/addresses.ts';
import type { Steps } from '@routed/driver/steps';
import type { Rows } from './rows.ts';

/** As many cells as a person tells apart: 2 to the power of this. */
const CELL_BITS = 8;
/** Of a larger prefix only the part in use is shown: in a cell of 2^56 addresses nothing is to be seen. */
const LARGEST_BITS = 16;

/** Where addresses of a prefix are in use, in steps of one address. */
export function* fillMapOf(prefix: Prefix, rows: Rows, blocks: readonly string[]): Steps<FillMap> {
  const used: AddressValue[] = [];
  for (const candidate of rows.all) {
    const address = parseAddress(candidate.address);
    if (address !== undefined && includes(prefix, address)) used.push(address);
    yield;
  }
  const shown = yield* shownPart(prefix, used);
  const cellBits = BigInt(Math.max(0, addressBits(shown.family) - shown.length - CELL_BITS));
  const cellOf = (value: bigint): number => Number((value - shown.first) >> cellBits);
  const counts: number[] = [];
  for (const { value } of used) {
    const cell = cellOf(value);
    while (counts.length <= cell) counts.push(0);
    counts[cell] = (counts[cell] ?? 0) + 1;
    yield;
  }
  return {
    prefix: formatPrefix(prefix),
    shown: formatPrefix(shown),
    cellSize: Number(1n << cellBits),
    used: counts,
    cells: cellOf(shown.last) + 1,
    blocks: blocks.flatMap((text) => {
      const block = parsePrefix(text);
      if (block === undefined || !contains(shown, block)) return [];
      return [{ prefix: text, from: cellOf(block.first), to: cellOf(block.last) }];
    }),
  };
}

/** The prefix itself if it is small; else the longest one of at least 256 addresses that has all that are in use. */
function* shownPart(prefix: Prefix, used: readonly AddressValue[]): Steps<Prefix> {
  const bits = addressBits(prefix.family);
  const [first] = used;
  if (bits - prefix.length <= LARGEST_BITS || first === undefined) return prefix;
  let hostBits = BigInt(CELL_BITS);
  for (const { value } of used) {
    while (value >> hostBits !== first.value >> hostBits) hostBits++;
    yield;
  }
  const start = (first.value >> hostBits) << hostBits;
  return { family: prefix.family, length: bits - Number(hostBits), first: start, last: start + (1n << hostBits) - 1n };
}
