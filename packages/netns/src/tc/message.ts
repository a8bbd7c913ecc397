import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asBytes, asText, asU32 } from '../attributes/format.ts';
import { checkArgument } from '../check/argument.ts';
import { type Check, type Fields, among, object, text } from '../check/check.ts';
import { type NetlinkMessage, u32 } from '../codec/reader.ts';
import type { UnknownField } from '../types/common.ts';
import type { Codec } from './codec.ts';
import { words } from './packed.ts';
import { asStatistics } from './statistics.ts';
import type { Statistics } from './types.ts';

/** `struct tcmsg`: family, link, handle, parent, and what the object makes of the fifth. Source: linux uapi rtnetlink.h. */
const TCMSG_BYTES = 20;

interface TrafficAttributes {
  readonly kind?: string;
  readonly options?: Uint8Array;
  readonly chain?: number;
  readonly statistics?: Statistics;
}

/** Source: linux uapi rtnetlink.h `TCA_*`: 3 and 4 are the counters in their old form, 12 and 15 say nothing of the object. */
const ATTRIBUTES: AttributeSet<TrafficAttributes> = attributeSet<TrafficAttributes>(
  { kind: [1, asText], options: [2, asBytes], chain: [11, asU32], statistics: [7, asStatistics] },
  { readElsewhere: new Set([3, 4, 9, 12]) },
);

/** The header of a request. */
export function tcmsg(linkIndex: number, handle = 0, parent = 0, info = 0): Uint8Array {
  return words(0, linkIndex, handle, parent, info);
}

type AnyCodec = Codec<Record<string, unknown>>;
type AnySpec = Readonly<Record<string, unknown>>;

/**
 * The attributes of an object of a kind, once all that was asked for is understood.
 *
 * @throws {@link NetlinkError} `EINVAL` that names the field at fault
 */
export function encodeObject(kinds: object, common: object, spec: object, operation: string): Uint8Array {
  const { kind, chain } = spec as { readonly kind?: unknown; readonly chain?: number };
  checkArgument(specCheck(kinds, common), spec, operation);
  const options = (kinds as Readonly<Record<string, AnyCodec>>)[String(kind)]?.encode({ ...spec });
  return ATTRIBUTES.encode({
    kind: String(kind),
    ...(chain !== undefined && { chain }),
    ...(options !== undefined && options.length > 0 && { options }),
  });
}

/** The attributes that tell an object from others. */
export function encodeKey(kind?: string, chain?: number): Uint8Array {
  return ATTRIBUTES.encode({ ...(kind !== undefined && { kind }), ...(chain !== undefined && { chain }) });
}

function specCheck(kinds: object, common: object): Check<AnySpec> {
  return (value, field) => {
    const { kind } = (value ?? {}) as { readonly kind?: unknown };
    const complaint = among(...Object.keys(kinds))(kind, 'kind');
    if (complaint !== undefined) return complaint;
    const codec = (kinds as Readonly<Record<string, AnyCodec>>)[String(kind)];
    const fields = { ...common, kind: text, ...codec?.fields } as unknown as Fields<AnySpec>;
    return object<AnySpec>(fields)(value, field) ?? codec?.verify?.({ ...(value as AnySpec) });
  };
}

/** What the kernel says of an object of traffic control. */
export interface Row {
  readonly linkIndex: number;
  readonly handle: number;
  readonly parent: number;
  readonly info: number;
  readonly kind: string;
  readonly chain: number;
  readonly settings?: { readonly kind: string };
  readonly statistics?: Statistics;
  readonly unknown?: readonly UnknownField[];
}

/** @throws {@link NetlinkError} `EBADMSG` */
export function decodeRow({ payload }: NetlinkMessage, kinds: object): Row {
  const { kind = '', options, chain = 0, statistics, unknown = [] } = ATTRIBUTES.decode(payload.subarray(TCMSG_BYTES));
  const codec = Object.hasOwn(kinds, kind) ? (kinds as Readonly<Record<string, AnyCodec>>)[kind] : undefined;
  const isUnread = codec === undefined && options !== undefined && options.length > 0;
  const rest = isUnread
    ? [...unknown, { name: `TCA_OPTIONS of ${kind}`, hex: Buffer.from(options).toString('hex') }]
    : unknown;
  const settings = codec && options && { kind, ...codec.decode(options) };
  return {
    linkIndex: u32(payload, 4),
    handle: u32(payload, 8),
    parent: u32(payload, 12),
    info: u32(payload, 16),
    kind,
    chain,
    ...(settings && { settings }),
    ...(statistics && { statistics }),
    ...(rest.length > 0 && { unknown: rest }),
  };
}
