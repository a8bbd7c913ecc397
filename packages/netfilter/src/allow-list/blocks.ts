import { addressBits, type AddressRange } from '@routed/addresses';
import type { Service } from './allow-list.ts';

/** Prefix lengths are cut to multiples of this: one hexadecimal digit. */
export const DIGIT_BITS = 4;

/** How many bits a port has. */
const PORT_BITS = 16;

/** A prefix, of addresses or of ports, whose length is a multiple of four, and at least four. */
export interface Block {
  readonly first: bigint;
  readonly length: number;
}

/** The lengths that blocks can have, longest first. */
export function blockLengths(bits: 16 | 32 | 128): number[] {
  return Array.from({ length: bits / DIGIT_BITS }, (_, index) => bits - index * DIGIT_BITS);
}

/**
 * The fewest blocks that together are an entry's addresses. Pure.
 *
 * At most 8 for a prefix (16 for the whole of a family), 224 for a range of IPv4 and 944 for one of IPv6.
 */
export function blocksOf({ family, first, last }: AddressRange): Block[] {
  return cut(first, last, addressBits(family));
}

/**
 * The fewest blocks that together are a service's ports. Pure.
 *
 * At most 104. Nobody has port 0, so that it may be among them: all ports are 16 blocks.
 */
export function portBlocksOf({ firstPort, lastPort }: Service): Block[] {
  return cut(firstPort === 1 && lastPort > 1 ? 0n : BigInt(firstPort), BigInt(lastPort), PORT_BITS);
}

function cut(first: bigint, last: bigint, bits: number): Block[] {
  const blocks: Block[] = [];
  for (let start = first; start <= last;) {
    let length = bits;
    let size = 1n;
    for (; length > DIGIT_BITS; length -= DIGIT_BITS) {
      const next = size << BigInt(DIGIT_BITS);
      if (start % next !== 0n || start + next - 1n > last) break;
      size = next;
    }
    blocks.push({ first: start, length });
    start += size;
  }
  return blocks;
}
