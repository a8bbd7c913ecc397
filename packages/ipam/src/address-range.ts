import { createHash } from 'node:crypto';
import { addressBits, type AddressRange, type Prefix } from '@routed/addresses';
import type { AddressSet } from './address-set.ts';

/** The ends of a range, both included; it is empty when `last < first`. */
export type Bounds = Pick<AddressRange, 'first' | 'last'>;

/**
 * The part of `prefix` automatic allocation may use: `subPool` or all of it, without the network or subnet-router
 * anycast address and the IPv4 broadcast address. A prefix of one or two addresses has none of these.
 * Source: RFC 3021 (/31), RFC 4291 section 2.6.1, RFC 6164 (/127).
 */
export function automaticRange(prefix: Prefix, subPool: Prefix = prefix): Bounds {
  const isTiny = addressBits(prefix.family) - prefix.length < 2;
  if (isTiny) return subPool;
  const first = prefix.first + 1n;
  const last = prefix.family === 4 ? prefix.last - 1n : prefix.last;
  return intersection({ first, last }, subPool);
}

/** What two ranges have in common. */
export function intersection(a: Bounds, b: Bounds): Bounds {
  return { first: max(a.first, b.first), last: min(a.last, b.last) };
}

/** Number of addresses in the range. */
export function rangeSize({ first, last }: Bounds): bigint {
  return max(last - first + 1n, 0n);
}

/**
 * A point in the range that depends on `seed` only, all points equally likely. The start of an empty range.
 */
export function derivedPoint(range: Bounds, seed: string): bigint {
  const hash = BigInt(`0x${createHash('sha256').update(seed).digest('hex')}`);
  return range.first + (hash % max(rangeSize(range), 1n));
}

/** The addresses of the range that are not in `used`, upwards from `start`, then from the beginning up to `start`. */
export function* freeAddresses(used: AddressSet, range: Bounds, start: bigint): Generator<bigint> {
  let address = used.nextFree(start);
  for (; address <= range.last; address = used.nextFree(address + 1n)) yield address;
  address = used.nextFree(range.first);
  for (; address < start && address <= range.last; address = used.nextFree(address + 1n)) yield address;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
