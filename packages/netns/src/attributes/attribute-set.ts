import { type Check, type Fields, object, optional } from '../check/check.ts';
import type { Decoded, UnknownField } from '../types/common.ts';
import type { Format } from './format.ts';
import { attributeList } from '../codec/reader.ts';
import { encodeAttributes } from '../codec/writer.ts';

/** Type of an attribute; of one that exists for either family, that of IPv4 and that of IPv6. */
export type AttributeType = number | readonly [ipv4: number, ipv6: number];

/** One attribute for every field of `T`, and for no other; `required` for those that `T` asks for. */
export type AttributeFields<T> = {
  readonly [Key in keyof T]-?: Partial<Pick<T, Key>> extends Pick<T, Key>
    ? readonly [type: AttributeType, format: Format<Exclude<T[Key], undefined>>]
    : readonly [type: AttributeType, format: Format<T[Key]>, need: 'required'];
};

/** Attributes that belong together, by name: encodes, decodes and checks them from one table. */
export interface AttributeSet<T> {
  readonly check: Check<T>;
  /** The check of each field. */
  readonly fields: Fields<T>;
  /** In the order of the table. Call {@link AttributeSet.check} first: what it refuses is not encoded as it was meant. */
  encode(value: T): Uint8Array;
  /**
   * Of repeated attributes the last.
   *
   * @throws {@link NetlinkError} `EBADMSG` for an attribute that is too short
   */
  decode(bytes: Uint8Array): Decoded<T>;
}

type Entry = readonly [type: AttributeType, format: Format<unknown>, need?: 'required'];

/** What else is known of the attributes that a set does not name. */
export interface AttributeSetOptions {
  /** Names for {@link UnknownField.name}. @defaultValue `attribute 99` */
  readonly nameOf?: (type: number) => string | undefined;
  /** Types that the caller reads in another way: they are not unknown. */
  readonly readElsewhere?: ReadonlySet<number>;
}

/** @param fields - attributes in the order in which they are sent */
export function attributeSet<T extends object>(
  fields: AttributeFields<T>,
  options: AttributeSetOptions = {},
): AttributeSet<T> {
  const entries = Object.entries(fields) as unknown as [name: string, entry: Entry][];
  const checks = Object.fromEntries(
    entries.map(([name, [, { check }, need]]) => [name, need === 'required' ? check : optional(check)]),
  ) as unknown;
  const byType = new Map<number, readonly [name: string, format: Format<unknown>]>(
    entries.flatMap(([name, [type, format]]) => [type].flat().map((one) => [one, [name, format]] as const)),
  );
  return {
    check: object<T>(checks as Fields<T>),
    fields: checks as Fields<T>,
    encode: (value) =>
      encodeAttributes(
        entries.map(([name, [type, format]]) => {
          const field = (value as Record<string, unknown>)[name];
          const payload = field === undefined ? undefined : format.encode(field);
          return [typeFor(type, payload), payload, format];
        }),
      ),
    decode: (bytes) => decode(bytes, byType, options) as Decoded<T>,
  };
}

function typeFor(type: AttributeType, payload: Uint8Array | undefined): number {
  if (typeof type === 'number') return type;
  return payload?.length === 16 ? type[1] : type[0];
}

function decode(
  bytes: Uint8Array,
  byType: ReadonlyMap<number, readonly [name: string, format: Format<unknown>]>,
  { nameOf, readElsewhere }: AttributeSetOptions,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const unknown: UnknownField[] = [];
  for (const [type, payload] of attributeList(bytes)) {
    const [name, format] = byType.get(type) ?? [];
    const value = format?.decode(payload);
    if (name !== undefined && value !== undefined) fields[name] = value;
    else if (readElsewhere?.has(type) !== true) {
      const kernelName = name ?? nameOf?.(type) ?? `attribute ${type}`;
      unknown.push({ name: kernelName, hex: Buffer.from(payload).toString('hex') });
    }
  }
  return unknown.length === 0 ? fields : { ...fields, unknown };
}

/** A payload that is made of attributes; `isNested` sets `NLA_F_NESTED`, which generic netlink asks for. */
export function asNested<T extends object>(
  set: AttributeSet<T>,
  { isNested = false }: { readonly isNested?: boolean } = {},
): Format<T> {
  return {
    check: set.check,
    isNested,
    encode: (value) => set.encode(value),
    decode: (bytes) => set.decode(bytes) as T,
  };
}
