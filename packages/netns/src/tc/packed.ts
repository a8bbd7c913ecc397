import { isLittleEndian } from '../codec/writer.ts';

/** A number of a `struct`, and how many bits it has; a negative one is written as its two's complement. */
export type PackedNumber = readonly [bits: 8 | 16 | 32, value: number];

/** Numbers one after another without gaps, in the byte order of the machine: a `struct` of the kernel. */
export function packed(...numbers: readonly PackedNumber[]): Uint8Array {
  const bytes = new Uint8Array(numbers.reduce((length, [bits]) => length + bits / 8, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [bits, value] of numbers) {
    if (bits === 8) view.setUint8(offset, value);
    else if (bits === 16) view.setUint16(offset, value, isLittleEndian);
    else view.setUint32(offset, value, isLittleEndian);
    offset += bits / 8;
  }
  return bytes;
}

/** Numbers of 32 bits. */
export function words(...numbers: readonly number[]): Uint8Array {
  return packed(...numbers.map((value) => [32, value] as const));
}

/** Parts one after another. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
