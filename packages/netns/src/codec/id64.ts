import type { Check } from '../check/check.ts';
import { show } from '../check/show.ts';
import type { Id64 } from '../types/common.ts';

const BYTES = 8;
const END = 1n << 64n;

/** Accepts what {@link encodeId64} takes. */
export const id64: Check<Id64> = (value, field) => {
  const isNumber = Number.isSafeInteger(value) && Number(value) >= 0;
  const isText = typeof value === 'string' && /^\d{1,20}$/.test(value) && BigInt(value) < END;
  if (isNumber || isText) return undefined;
  const reason = `${show(value)} is not a whole number from 0 to 9007199254740991, or the digits of one of 64 bits as text`;
  return { field, reason };
};

/** In network byte order. */
export function encodeId64(value: Id64): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** As {@link encodeId64}; text beyond what a number holds exactly. `bytes` are eight. */
export function decodeId64(bytes: Uint8Array): Id64 {
  const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}
