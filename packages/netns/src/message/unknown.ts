import type { Attributes } from '../codec/reader.ts';
import type { UnknownField } from '../types/common.ts';

/**
 * Names the attributes that nobody decodes.
 *
 * @param decoded - types that the caller has decoded, or that say nothing about the object
 * @param name - of a type: 9 -> `RTA_METRICS`
 */
export function unknownAttributes(
  found: Attributes,
  decoded: ReadonlySet<number>,
  name: (type: number) => string | undefined,
): UnknownField[] {
  const unknown: UnknownField[] = [];
  for (const [type, bytes] of found) {
    if (!decoded.has(type))
      unknown.push({ name: name(type) ?? `attribute ${type}`, hex: Buffer.from(bytes).toString('hex') });
  }
  return unknown;
}

/** A field of a header whose value has no name here, or bits of it. */
export function unknownNumber(name: string, value: number): UnknownField {
  return { name, hex: value.toString(16).padStart(2, '0') };
}
