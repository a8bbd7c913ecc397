import { addressBits, formatPrefix, overlaps } from '@routed/addresses';
import { parsePrefix } from './address.ts';
import type { BlockRequest } from './contract.ts';
import type { OpenPool } from './pool-table.ts';

/** How many blocks are looked at before there is said to be none. */
const MAX_TRIES = 65_536;

/**
 * The first block from this host's own place on that overlaps nothing taken, and whose first address is free here: OSPFv2 cannot
 * announce a prefix and a host route that begin with the same address (RFC 2328 appendix E). `undefined`: there is none. Looks where automatic
 * allocation may, at 65,536 blocks at most.
 * @throws {@link IpamError} `INVALID_PREFIX`
 */
export function findFreeBlock(opened: OpenPool, { length, taken }: BlockRequest): string | undefined {
  const { family } = opened.prefix;
  const range = parsePrefix(opened.pool.subPool ?? opened.pool.prefix);
  if (length < range.length || length > addressBits(family)) return undefined;
  const bits = BigInt(addressBits(family) - length);
  const numbers = { first: range.first >> bits, last: range.last >> bits };
  const prefixes = taken.map(parsePrefix).filter((prefix) => prefix.family === family);
  const wider = prefixes.filter((prefix) => prefix.length < length);
  const used = new Set(prefixes.filter((prefix) => prefix.length >= length).map(({ first }) => first >> bits));
  const count = numbers.last - numbers.first + 1n;
  let number = opened.ownPlaceIn(numbers);
  for (let tried = 0; tried < MAX_TRIES && BigInt(tried) < count; tried++) {
    const first = number << bits;
    const block = { family, length, first, last: first + (1n << bits) - 1n };
    if (!used.has(number) && !opened.block.used.has(first) && !wider.some((prefix) => overlaps(prefix, block)))
      return formatPrefix(block);
    number = number === numbers.last ? numbers.first : number + 1n;
  }
  return undefined;
}
