import { type AttributeFields, type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asBe16, asIp, asMac, asU16, asU32, inRange } from '../attributes/format.ts';
import { type Check, among, flag, object, optional } from '../check/check.ts';
import { type NetlinkMessage, u16, u32, u8 } from '../codec/reader.ts';
import { MessageWriter } from '../codec/writer.ts';
import { neighbourAttribute } from '../message/tables.ts';
import { unknownNumber } from '../message/unknown.ts';
import type { ForwardingEntry, ForwardingFilter, ForwardingKey, NewForwardingEntry } from '../types/bridge.ts';
import type { UnknownField } from '../types/common.ts';
import { NDA, NEIGHBOUR_STATE } from '../uapi/neighbour.ts';
import { AF_BRIDGE, RTM } from '../uapi/rtnetlink.ts';

const NDMSG_LENGTH = 12;
const STATE = {
  permanent: NEIGHBOUR_STATE.permanent,
  static: NEIGHBOUR_STATE.noarp,
  dynamic: NEIGHBOUR_STATE.reachable,
} as const;
/** Source: linux uapi neighbour.h `NTF_*`. */
const FLAG = { self: 0x02, master: 0x04, externallyLearnt: 0x10, offloaded: 0x20, sticky: 0x40 } as const;
const NAMED_FLAGS = FLAG.self | FLAG.master | FLAG.externallyLearnt | FLAG.offloaded | FLAG.sticky;

const index = inRange(asU32, 1, 0x7fff_ffff);
const vni = inRange(asU32, 0, 0xff_ffff);

interface KeyAttributes {
  readonly mac: string;
  readonly remote?: string;
  readonly vlan?: number;
  readonly port?: number;
  readonly vni?: number;
  readonly viaIndex?: number;
  readonly sourceVni?: number;
}

interface Attributes extends KeyAttributes {
  readonly masterIndex?: number;
  readonly nextHopId?: number;
}

const KEY_ATTRIBUTES: AttributeFields<KeyAttributes> = {
  mac: [NDA.LLADDR, asMac, 'required'],
  remote: [NDA.DST, asIp],
  vlan: [NDA.VLAN, inRange(asU16, 1, 4094)],
  port: [NDA.PORT, asBe16],
  vni: [NDA.VNI, vni],
  viaIndex: [NDA.IFINDEX, index],
  sourceVni: [NDA.SRC_VNI, vni],
};

/** What tells an entry from others: of one that a list gave out the rest is not sent. */
const KEY: AttributeSet<KeyAttributes> = attributeSet<KeyAttributes>(KEY_ATTRIBUTES);
const ENTRY: AttributeSet<Attributes> = attributeSet<Attributes>(
  {
    ...KEY_ATTRIBUTES,
    masterIndex: [NDA.MASTER, index],
    nextHopId: [NDA.NH_ID, inRange(asU32, 1, 0xffff_ffff)],
  },
  // Counts the time since the last use.
  { nameOf: neighbourAttribute, readElsewhere: new Set([NDA.CACHEINFO]) },
);

const key = { linkIndex: index.check, isMaster: optional(flag), ...KEY.fields };
/** Names of what a list gave out, which a deletion passes over. */
const REPORTED = ['state', 'masterIndex', 'isSticky', 'isExternallyLearnt', 'isOffloaded', 'nextHopId', 'unknown'];

export const FORWARDING_KEY: Check<ForwardingKey> = object<ForwardingKey>(key, REPORTED);
export const NEW_FORWARDING_ENTRY: Check<NewForwardingEntry> = object<NewForwardingEntry>({
  ...key,
  nextHopId: ENTRY.fields.nextHopId,
  state: optional(among('permanent', 'static', 'dynamic')),
  isSticky: optional(flag),
  isExternallyLearnt: optional(flag),
});
export const FORWARDING_FILTER: Check<ForwardingFilter> = object<ForwardingFilter>({
  linkIndex: optional(index.check),
  masterIndex: optional(index.check),
});

function write(
  type: number,
  messageFlags: number,
  {
    linkIndex = 0,
    state = 0,
    flags = 0,
  }: { readonly linkIndex?: number; readonly state?: number; readonly flags?: number },
  attributes: Uint8Array,
): Uint8Array {
  const writer = new MessageWriter(type, messageFlags).u8(AF_BRIDGE).u8(0).u16(0).u32(linkIndex);
  return writer.u16(state).u8(flags).u8(0).bytes(attributes).finish();
}

/** RTM_NEWNEIGH. `messageFlags` says what happens to an entry that exists. */
export function buildForwardingAdd(spec: NewForwardingEntry, messageFlags: number): Uint8Array {
  const { linkIndex, isMaster = false, isSticky = false, isExternallyLearnt = false, state = 'permanent' } = spec;
  const flags = [
    isMaster ? FLAG.master : FLAG.self,
    isSticky ? FLAG.sticky : 0,
    isExternallyLearnt ? FLAG.externallyLearnt : 0,
  ];
  const header = { linkIndex, state: STATE[state], flags: flags.reduce((all, one) => all | one) };
  return write(RTM.NEWNEIGH, messageFlags, header, ENTRY.encode(spec));
}

/** RTM_DELNEIGH. */
export function buildForwardingDelete(spec: ForwardingKey): Uint8Array {
  const { linkIndex, isMaster = false } = spec;
  const header = { linkIndex, flags: isMaster ? FLAG.master : FLAG.self };
  return write(RTM.DELNEIGH, 0, header, KEY.encode(spec));
}

const DUMP: AttributeSet<Pick<Attributes, 'masterIndex'>> = attributeSet<Pick<Attributes, 'masterIndex'>>({
  masterIndex: [NDA.MASTER, index],
});

/** RTM_GETNEIGH for the forwarding databases; strict checking makes the kernel filter. */
export function buildForwardingDump({ linkIndex = 0, masterIndex }: ForwardingFilter): Uint8Array {
  return write(RTM.GETNEIGH, 0, { linkIndex }, DUMP.encode(masterIndex === undefined ? {} : { masterIndex }));
}

/** Decodes RTM_NEWNEIGH and RTM_DELNEIGH; `undefined` for what is of no forwarding database. */
export function decodeForwarding({ payload }: NetlinkMessage): ForwardingEntry | undefined {
  if (u8(payload) !== AF_BRIDGE) return undefined;
  const { mac, unknown: rest = [], ...found } = ENTRY.decode(payload.subarray(NDMSG_LENGTH));
  if (mac === undefined) return undefined;
  const [state, flags] = [u16(payload, 8), u8(payload, 10)];
  const unknown: UnknownField[] = [...rest];
  if ((flags & ~NAMED_FLAGS) !== 0) unknown.push(unknownNumber('ndm_flags', flags & ~NAMED_FLAGS));
  if (![0, ...Object.values(STATE), NEIGHBOUR_STATE.stale].includes(state)) {
    unknown.push(unknownNumber('ndm_state', state));
  }
  return {
    linkIndex: u32(payload, 4),
    mac,
    ...found,
    state: (state & STATE.permanent) !== 0 ? 'permanent' : (state & STATE.static) !== 0 ? 'static' : 'dynamic',
    isMaster: (flags & FLAG.self) === 0,
    isSticky: (flags & FLAG.sticky) !== 0,
    isExternallyLearnt: (flags & FLAG.externallyLearnt) !== 0,
    isOffloaded: (flags & FLAG.offloaded) !== 0,
    ...(unknown.length > 0 && { unknown }),
  };
}
