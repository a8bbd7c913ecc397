import { parseIp } from '@routed/addresses';

import { type AttributeSet, asNested, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asCentiseconds, asFlag, asIp, asU16, asU32, asWhole64, inRange } from '../attributes/format.ts';
import { type Check, among, flag, listOf, object, optional, text, whole } from '../check/check.ts';
import { type NetlinkMessage, u32, u8 } from '../codec/reader.ts';
import { MessageWriter, isLittleEndian } from '../codec/writer.ts';
import { ENCAPSULATION, encodeEncapsulation, nameEncapsulation } from '../encapsulation/route-encapsulation.ts';
import { decodeFlags } from '../message/route-flags.ts';
import { familyNumber, familyOf, isNamedScope, scopeOf } from '../message/tables.ts';
import { unknownNumber } from '../message/unknown.ts';
import { invalid, requireIp } from '../message/validate.ts';
import type { Purpose } from '../socket/channel.ts';
import type { UnknownField } from '../types/common.ts';
import type {
  NewNextHop,
  NextHopFilter,
  NextHopMember,
  NextHopObject,
  ResilientSettings,
} from '../types/next-hop-object.ts';
import { AF_UNSPEC, RTM, RTNH_F_ONLINK } from '../uapi/rtnetlink.ts';

/** Source: linux uapi nexthop.h `struct nhmsg`. */
const NHMSG_LENGTH = 8;
const MEMBER_LENGTH = 8;
const GROUP_TYPE = { multipath: 0, resilient: 1 } as const;
/** The kernel counts in hundredths of a second, in 32 bits. */
const MOST_TIMER_MS = 42_949_672_950;
const ENCAP = { type: 7, data: 8 } as const;
const NAMES: Readonly<Record<number, string>> = {
  [ENCAP.type]: 'NHA_ENCAP_TYPE',
  [ENCAP.data]: 'NHA_ENCAP',
  13: 'NHA_RES_BUCKET',
  15: 'NHA_GROUP_STATS',
  16: 'NHA_HW_STATS_ENABLE',
  17: 'NHA_HW_STATS_USED',
};

const MEMBER: Check<NextHopMember> = object<NextHopMember>({
  id: whole(1, 0xffff_ffff),
  weight: optional(whole(1, 0x1_0000)),
});

/** A row of `struct nexthop_grp { u32 id; u8 weight, weight_high; u16 resvd2 }`; weights count from 0. */
const asMembers: Format<readonly NextHopMember[]> = {
  check: listOf(MEMBER),
  encode: (members) => {
    const bytes = new Uint8Array(members.length * MEMBER_LENGTH);
    const view = new DataView(bytes.buffer);
    members.forEach(({ id, weight = 1 }, place) => {
      view.setUint32(place * MEMBER_LENGTH, id, isLittleEndian);
      view.setUint8(place * MEMBER_LENGTH + 4, (weight - 1) & 0xff);
      view.setUint8(place * MEMBER_LENGTH + 5, (weight - 1) >> 8);
    });
    return bytes;
  },
  decode: (bytes) =>
    Array.from({ length: Math.floor(bytes.length / MEMBER_LENGTH) }, (_, place) => {
      const start = place * MEMBER_LENGTH;
      return { id: u32(bytes, start), weight: (u8(bytes, start + 4) | (u8(bytes, start + 5) << 8)) + 1 };
    }),
};

interface ResilientAttributes extends ResilientSettings {
  readonly unbalancedMs?: number;
}

const RESILIENT: AttributeSet<ResilientAttributes> = attributeSet<ResilientAttributes>(
  {
    buckets: [1, inRange(asU16, 1, 0xffff)],
    idleTimerMs: [2, asCentiseconds(asU32, MOST_TIMER_MS)],
    unbalancedTimerMs: [3, asCentiseconds(asU32, MOST_TIMER_MS)],
    unbalancedMs: [4, asCentiseconds(asWhole64, Number.MAX_SAFE_INTEGER)],
  },
  // NHA_RES_GROUP_PAD
  { readElsewhere: new Set([0]) },
);

interface NextHopAttributes {
  readonly id: number;
  readonly group?: readonly NextHopMember[];
  readonly groupType?: number;
  readonly isBlackhole?: boolean;
  readonly linkIndex?: number;
  readonly gateway?: string;
  readonly isFdb?: boolean;
  readonly resilient?: ResilientAttributes;
}

/** Source: linux uapi nexthop.h `NHA_*`. */
const NEXT_HOP: AttributeSet<NextHopAttributes> = attributeSet<NextHopAttributes>(
  {
    id: [1, inRange(asU32, 1, 0xffff_ffff), 'required'],
    group: [2, asMembers],
    groupType: [3, asU16],
    isBlackhole: [4, asFlag],
    linkIndex: [5, inRange(asU32, 1, 0x7fff_ffff)],
    gateway: [6, asIp],
    isFdb: [11, asFlag],
    resilient: [12, { ...asNested(RESILIENT), isNested: true }],
  },
  // NHA_OP_FLAGS is about the question.
  { nameOf: (type) => NAMES[type], readElsewhere: new Set([14]) },
);

interface FilterAttributes {
  readonly linkIndex?: number;
  readonly isGroup?: boolean;
  readonly masterIndex?: number;
}

const FILTER: AttributeSet<FilterAttributes> = attributeSet<FilterAttributes>({
  linkIndex: [5, inRange(asU32, 1, 0x7fff_ffff)],
  isGroup: [9, asFlag],
  masterIndex: [10, inRange(asU32, 1, 0x7fff_ffff)],
});

/** What narrows a list. */
export const NEXT_HOP_FILTER: Check<NextHopFilter> = FILTER.check;

/** What can be installed. */
export const NEW_NEXT_HOP: Check<NewNextHop> = object<NewNextHop>({
  id: NEXT_HOP.fields.id,
  linkIndex: NEXT_HOP.fields.linkIndex,
  gateway: optional(text),
  onLink: optional(flag),
  isBlackhole: optional(flag),
  isFdb: optional(flag),
  family: optional(among(4, 6)),
  group: optional(asMembers.check),
  resilient: optional(
    object<ResilientSettings>({
      buckets: RESILIENT.fields.buckets,
      idleTimerMs: RESILIENT.fields.idleTimerMs,
      unbalancedTimerMs: RESILIENT.fields.unbalancedTimerMs,
    }),
  ),
  encapsulation: optional(ENCAPSULATION),
  protocol: optional(whole(0, 0xff)),
});

/** RTM_NEWNEXTHOP. `flags` says what happens to an object that exists. */
export function buildNextHopAdd(spec: NewNextHop, flags: number, purpose: Purpose): Uint8Array {
  const { onLink = false, encapsulation, protocol = 0 } = spec;
  checkParts(spec, purpose);
  const groupType = spec.resilient === undefined ? undefined : GROUP_TYPE.resilient;
  const attributes = NEXT_HOP.encode({ ...spec, ...(groupType !== undefined && { groupType }) });
  const wrapping = encapsulation === undefined ? new Uint8Array(0) : encodeEncapsulation(encapsulation, ENCAP, purpose);
  const length = 16 + NHMSG_LENGTH + attributes.length + wrapping.length;
  const writer = new MessageWriter(RTM.NEWNEXTHOP, flags, length).u8(familyFor(spec, purpose)).u8(0).u8(protocol).u8(0);
  return writer
    .u32(onLink ? RTNH_F_ONLINK : 0)
    .bytes(attributes)
    .bytes(wrapping)
    .finish();
}

/** A group is of no family. */
function familyFor({ group, gateway, family = 4 }: NewNextHop, purpose: Purpose): number {
  if (group !== undefined) return AF_UNSPEC;
  return familyNumber(gateway === undefined ? family : requireIp(gateway, purpose, 'gateway').family);
}

/** The kernel would pass over some of what does not go together. */
function checkParts(spec: NewNextHop, purpose: Purpose): void {
  const { group, isBlackhole, resilient, family, gateway } = spec;
  const way = (['linkIndex', 'gateway', 'onLink', 'encapsulation'] as const).find((name) => spec[name] !== undefined);
  if (resilient !== undefined && group === undefined) throw invalid(purpose, 'resilient', 'only a group is resilient');
  if (group?.length === 0) throw invalid(purpose, 'group', 'a group needs a member');
  if (group !== undefined && (way !== undefined || isBlackhole === true || family !== undefined)) {
    throw invalid(purpose, way ?? (isBlackhole === true ? 'isBlackhole' : 'family'), 'a group has nothing but members');
  }
  if (isBlackhole === true && way !== undefined) throw invalid(purpose, way, 'a blackhole has no way out');
  if (family !== undefined && gateway !== undefined && parseIp(gateway)?.family !== family) {
    throw invalid(purpose, 'family', 'it is that of the gateway');
  }
}

/** RTM_DELNEXTHOP or RTM_GETNEXTHOP for one object. */
export function buildNextHopRequest(type: number, id: number): Uint8Array {
  return request(type, NEXT_HOP.encode({ id }));
}

/** RTM_GETNEXTHOP for all; strict checking makes the kernel filter. */
export function buildNextHopDump(filter: NextHopFilter): Uint8Array {
  return request(RTM.GETNEXTHOP, FILTER.encode(filter));
}

function request(type: number, attributes: Uint8Array): Uint8Array {
  return new MessageWriter(type, 0, 16 + NHMSG_LENGTH + attributes.length).u32(0).u32(0).bytes(attributes).finish();
}

/** Decodes RTM_NEWNEXTHOP and RTM_DELNEXTHOP. */
export function decodeNextHop({ payload }: NetlinkMessage): NextHopObject {
  const family = familyOf(u8(payload));
  const {
    id = 0,
    group,
    groupType,
    resilient,
    unknown: rest = [],
    ...found
  } = NEXT_HOP.decode(payload.subarray(NHMSG_LENGTH));
  const unknown: UnknownField[] = [...rest];
  if (groupType !== undefined && groupType > GROUP_TYPE.resilient)
    unknown.push(unknownNumber('NHA_GROUP_TYPE', groupType));
  if (!isNamedScope(u8(payload, 1))) unknown.push(unknownNumber('nh_scope', u8(payload, 1)));
  const object: NextHopObject = {
    id,
    ...(family !== undefined && { family }),
    ...found,
    isBlackhole: found.isBlackhole ?? false,
    isFdb: found.isFdb ?? false,
    scope: scopeOf(u8(payload, 1)),
    protocol: u8(payload, 2),
    flags: decodeFlags(u32(payload, 4)),
    ...(group !== undefined && { group: group.map(({ id: member, weight = 1 }) => ({ id: member, weight })) }),
    ...(resilient !== undefined && { resilient: { ...NO_RESILIENT, ...resilient } }),
    ...(unknown.length > 0 && { unknown }),
  };
  return nameEncapsulation(object, 'NHA');
}

const NO_RESILIENT = { buckets: 0, idleTimerMs: 0, unbalancedTimerMs: 0, unbalancedMs: 0 };

/** Whether an object passes the filter, as far as this library can tell. */
export function matchesNextHop({ linkIndex, group }: NextHopObject, filter: NextHopFilter): boolean {
  if (filter.isGroup === true && group === undefined) return false;
  return filter.linkIndex === undefined || filter.linkIndex === linkIndex;
}

/** Names an attribute for an error. */
export function nextHopAttribute(type: number): string | undefined {
  return NAMES[type];
}
