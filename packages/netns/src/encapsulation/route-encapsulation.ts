import { formatIp, parseIp } from '@routed/addresses';

import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asBe16, asBytes, asIp, asIpv4, asU16, asU8, asWord, inRange } from '../attributes/format.ts';
import { type Check, among, listOf, object, whole } from '../check/check.ts';
import { show } from '../check/show.ts';
import { decodeId64, encodeId64, id64 } from '../codec/id64.ts';
import { u8 } from '../codec/reader.ts';
import { invalid } from '../message/validate.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Id64, UnknownField } from '../types/common.ts';
import type { Route } from '../types/route.ts';
import type {
  IpEncapsulation,
  MplsEncapsulation,
  RouteEncapsulation,
  Seg6Encapsulation,
} from '../types/encapsulation.ts';

/** Source: linux uapi lwtunnel.h `enum lwtunnel_encap_types`. */
const TYPE = { mpls: 1, ip: 2, ip6: 4, seg6: 5 } as const;
type Kind = keyof typeof TYPE;

/** 64 bits in network byte order. */
const asId64: Format<Id64> = {
  check: id64,
  encode: encodeId64,
  decode: (bytes) => (bytes.length === 8 ? decodeId64(bytes) : undefined),
};

const MPLS_LABELS: Check<readonly number[]> = (value, field) =>
  listOf(whole(0, 0xf_ffff))(value, field) ??
  ((value as readonly number[]).length > 0 ? undefined : { field, reason: 'at least one label is needed' });

/** `struct mpls_label`: 20 bits of label, 3 of class, the end of the stack, a time to live that the kernel sets. */
const asLabels: Format<readonly number[]> = {
  check: MPLS_LABELS,
  encode: (labels) => {
    const bytes = new Uint8Array(labels.length * 4);
    const view = new DataView(bytes.buffer);
    labels.forEach((label, place) => {
      const end = place === labels.length - 1 ? 0x100 : 0;
      view.setUint32(place * 4, ((label << 12) | end) >>> 0);
    });
    return bytes;
  },
  decode: (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length >> 2 }, (_, place) => view.getUint32(place * 4) >>> 12);
  },
};

const MODES = { inline: 0, encap: 1, l2encap: 2, 'encap.red': 3, 'l2encap.red': 4 } as const;
const asMode = asWord(inRange(asU8, 0, 4), MODES);
const SRH_LENGTH = 8;
const SEGMENT_LENGTH = 16;
/** Source: RFC 8754 section 2, routing type. */
const ROUTING_TYPE = 4;
/** The length of the header is a byte that counts in units of eight. */
const MOST_SEGMENTS = 126;

interface SegmentList {
  readonly mode: Seg6Encapsulation['mode'];
  readonly segments: readonly string[];
}

const segment: Check<string> = (value, field) =>
  typeof value === 'string' && parseIp(value)?.family === 6
    ? undefined
    : { field, reason: `${show(value)} is not an IPv6 address` };
const segments: Check<readonly string[]> = (value, field) => {
  const complaint = listOf(segment)(value, field);
  if (complaint !== undefined) return complaint;
  const { length } = value as readonly string[];
  return length >= 1 && length <= MOST_SEGMENTS
    ? undefined
    : { field, reason: `${length} segments: 1 to ${MOST_SEGMENTS} are possible` };
};

/** `struct seg6_iptunnel_encap { int mode; struct ipv6_sr_hdr srh; }`: the last segment comes first. */
const asSegmentList: Format<SegmentList> = {
  check: object<SegmentList>({ mode: asMode.check, segments }),
  encode: ({ mode, segments: list }) => {
    // The kernel puts the destination of the packet into the place that is left free.
    const free = mode === 'inline' ? 1 : 0;
    const count = list.length + free;
    const bytes = new Uint8Array(4 + SRH_LENGTH + count * SEGMENT_LENGTH);
    bytes.set(new Uint8Array(Int32Array.of(MODES[mode]).buffer));
    bytes.set([0, count * 2, ROUTING_TYPE, count - 1, count - 1], 4);
    list.forEach((address, place) => {
      const ip = parseIp(address);
      if (ip !== undefined) bytes.set(ip.bytes, 4 + SRH_LENGTH + (count - 1 - place) * SEGMENT_LENGTH);
    });
    return bytes;
  },
  decode: (bytes) => {
    const mode = (Object.keys(MODES) as SegmentList['mode'][]).find((word) => MODES[word] === u8(bytes));
    const count = u8(bytes, 4 + 4) + 1;
    const isWhole = bytes.length === 4 + SRH_LENGTH + count * SEGMENT_LENGTH;
    if (mode === undefined || !isWhole || u8(bytes, 4 + 5) !== 0) return undefined;
    const list = Array.from({ length: count }, (_, place) => {
      const start = 4 + SRH_LENGTH + (count - 1 - place) * SEGMENT_LENGTH;
      return formatIp(bytes.subarray(start, start + SEGMENT_LENGTH));
    });
    return { mode, segments: mode === 'inline' ? list.slice(0, -1) : list };
  },
};

type Without<T> = Omit<T, 'kind'>;
interface Seg6Attributes {
  readonly list: SegmentList;
}

const MPLS: AttributeSet<Without<MplsEncapsulation>> = attributeSet<Without<MplsEncapsulation>>({
  labels: [1, asLabels, 'required'],
  ttl: [2, asU8],
});
interface IpAttributes extends Without<IpEncapsulation> {
  /** `LWTUNNEL_IP_FLAGS`: the kernel always reports them. */
  readonly flags?: number;
}

const IP: AttributeSet<IpAttributes> = attributeSet<IpAttributes>({
  id: [1, asId64],
  destination: [2, asIpv4],
  source: [3, asIpv4],
  ttl: [4, asU8],
  tos: [5, asU8],
  flags: [6, asBe16],
});
const IP6: AttributeSet<IpAttributes> = attributeSet<IpAttributes>({
  id: [1, asId64],
  destination: [2, asIp],
  source: [3, asIp],
  ttl: [4, asU8],
  tos: [5, asU8],
  flags: [6, asBe16],
});
const SEG6: AttributeSet<Seg6Attributes> = attributeSet<Seg6Attributes>({ list: [1, asSegmentList, 'required'] });

/** Attributes of a route's message, and of each of its next hops. */
interface EncapsulationAttributes {
  readonly type: number;
  readonly data: Uint8Array;
}

/** How the two attributes of an encapsulation are called in a message. */
export interface EncapsulationTypes {
  readonly type: number;
  readonly data: number;
}

function outer({ type, data }: EncapsulationTypes): AttributeSet<EncapsulationAttributes> {
  return attributeSet<EncapsulationAttributes>({
    data: [data, { ...asBytes, isNested: true }, 'required'],
    type: [type, asU16, 'required'],
  });
}

/** The kernel takes no flags that a caller would want. */
function ipCheck({ id, source, destination, ttl, tos }: AttributeSet<IpAttributes>['fields']): Check<IpEncapsulation> {
  return object<IpEncapsulation>({ kind: among('ip', 'ip6'), id, source, destination, ttl, tos });
}

const CHECKS = {
  mpls: object<MplsEncapsulation>({ kind: among('mpls'), ...MPLS.fields }),
  ip: ipCheck(IP.fields),
  ip6: ipCheck(IP6.fields),
  seg6: object<Seg6Encapsulation>({ kind: among('seg6'), mode: asMode.check, segments }),
};

/** What a {@link RouteEncapsulation} may be, told by its kind. */
export const ENCAPSULATION: Check<RouteEncapsulation> = (value, field) => {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  return among<Kind>('mpls', 'ip', 'ip6', 'seg6')(kind, `${field}.kind`) ?? CHECKS[kind as Kind](value, field);
};

/** The two attributes of an encapsulation. @throws {@link NetlinkError} `EINVAL` that names the field at fault */
export function encodeEncapsulation(
  encapsulation: RouteEncapsulation,
  types: EncapsulationTypes,
  purpose: Purpose,
): Uint8Array {
  const complaint = ENCAPSULATION(encapsulation, 'encapsulation');
  if (complaint !== undefined) throw invalid(purpose, complaint.field, complaint.reason);
  const { kind } = encapsulation;
  return outer(types).encode({ type: TYPE[kind], data: dataOf(encapsulation) });
}

function dataOf(encapsulation: RouteEncapsulation): Uint8Array {
  switch (encapsulation.kind) {
    case 'mpls':
      return MPLS.encode(encapsulation);
    case 'seg6':
      return SEG6.encode({ list: encapsulation });
    case 'ip':
      return IP.encode(encapsulation);
    case 'ip6':
      return IP6.encode(encapsulation);
  }
}

/** What the two attributes say; `undefined` when not all of it has a name here. */
export function decodeEncapsulation(type: number, data: Uint8Array): RouteEncapsulation | undefined {
  switch (type) {
    case TYPE.mpls: {
      const { unknown, labels, ...others } = MPLS.decode(data);
      return labels === undefined || unknown !== undefined ? undefined : { kind: 'mpls', labels, ...others };
    }
    case TYPE.ip:
    case TYPE.ip6: {
      const { unknown, flags = 0, ...fields } = (type === TYPE.ip ? IP : IP6).decode(data);
      const kind = type === TYPE.ip ? 'ip' : 'ip6';
      return unknown !== undefined || flags !== 0 ? undefined : { kind, ...fields };
    }
    case TYPE.seg6: {
      const { unknown, list } = SEG6.decode(data);
      return list === undefined || unknown !== undefined ? undefined : { kind: 'seg6', ...list };
    }
    default:
      return undefined;
  }
}

/** Gives the encapsulation among `unknown` fields its name, if it can; of a route, a next hop or an object. */
export function nameEncapsulation<T extends { readonly unknown?: readonly UnknownField[] }>(
  row: T,
  prefix: 'RTA' | 'NHA',
): T {
  const [type, data] = [`${prefix}_ENCAP_TYPE`, `${prefix}_ENCAP`].map((name) =>
    row.unknown?.find((field) => field.name === name),
  );
  if (type === undefined || data === undefined) return row;
  const number = asU16.decode(Buffer.from(type.hex, 'hex')) ?? 0;
  const encapsulation = decodeEncapsulation(number, Buffer.from(data.hex, 'hex'));
  if (encapsulation === undefined) return row;
  const { unknown = [], ...named } = row;
  const others = unknown.filter((field) => field !== type && field !== data);
  return { ...(named as T), encapsulation, ...(others.length > 0 && { unknown: others }) };
}

/** As {@link nameEncapsulation}, for a route and each of its next hops. */
export function nameRouteEncapsulation(route: Route): Route {
  const named = nameEncapsulation(route, 'RTA');
  return { ...named, nextHops: named.nextHops.map((hop) => nameEncapsulation(hop, 'RTA')) };
}
