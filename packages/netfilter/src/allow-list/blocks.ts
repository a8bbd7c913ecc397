import { addressBits, type AddressRange } from '@routed/addresses';

/** Prefix lengths are cut to multiples of this: one hexadecimal digit. */
export const DIGIT_BITS = 4;

/** A prefix whose length is a multiple of four, and at least four. */
export interface Block {
  readonly first: bigint;
  readonly length: number;
}

/** The lengths that blocks can have, longest first. */
export function blockLengths(bits: 32 | 128): number[] {
  return Array.from({ length: bits / DIGIT_BITS }, (_, index) => bits - index * DIGIT_BITS);
}

/**
 * The fewest blocks that together are an entry's addresses. Pure.
 *
 * At most 8 for a prefix (16 for the whole of a family), 224 for a range of IPv4 and 944 for one of IPv6.
 */
export function blocksOf({ family, first, last }: AddressRange): Block[] {
  const bits = addressBits(family);
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
