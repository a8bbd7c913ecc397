import { asU16 } from '../attributes/format.ts';
import { type Check, flag, object, optional, whole } from '../check/check.ts';
import { type NetlinkMessage, attributeList, attributes, optional as read, u16, u32 } from '../codec/reader.ts';
import { MessageWriter, encodeAttributes } from '../codec/writer.ts';
import { invalid } from '../message/validate.ts';
import type { Purpose } from '../socket/channel.ts';
import type { BridgeVlan, BridgeVlanTarget, ReportedBridgeVlan } from '../types/bridge.ts';
import { IFLA } from '../uapi/if-link.ts';
import { AF_BRIDGE, RTM } from '../uapi/rtnetlink.ts';

const IFINFOMSG_LENGTH = 16;
/** Source: linux uapi if_link.h, rtnetlink.h, if_bridge.h. */
const IFLA_AF_SPEC = 26;
const RTEXT_FILTER_BRVLAN_COMPRESSED = 4;
const IFLA_BRIDGE_FLAGS = 0;
const IFLA_BRIDGE_VLAN_INFO = 2;
const BRIDGE_FLAGS_SELF = 2;
const VLAN_FLAG = { pvid: 2, untagged: 4, rangeBegin: 8, rangeEnd: 16 } as const;

const id = whole(1, 4094);
const index = whole(1, 0x7fff_ffff);
const range = { linkIndex: index, id, lastId: optional(id), isSelf: optional(flag) };
type Vlan = BridgeVlan & BridgeVlanTarget;

export const BRIDGE_VLAN: Check<Vlan> = object<Vlan>({ ...range, isPvid: optional(flag), isUntagged: optional(flag) });
/** With what a list gave out besides. */
export const BRIDGE_VLAN_KEY: Check<Omit<Vlan, 'isPvid' | 'isUntagged'>> = object<Omit<Vlan, 'isPvid' | 'isUntagged'>>(
  range,
  ['isPvid', 'isUntagged', 'masterIndex'],
);

function startMessage(type: number, linkIndex: number): MessageWriter {
  return new MessageWriter(type, 0).u8(AF_BRIDGE).u8(0).u16(0).u32(linkIndex).u32(0).u32(0);
}

/** `struct bridge_vlan_info { u16 flags; u16 vid }`. */
function info(flags: number, vlan: number): Uint8Array {
  return new Uint8Array(Uint16Array.of(flags, vlan).buffer);
}

/** RTM_SETLINK to add and RTM_DELLINK to delete. */
export function buildVlanChange(type: number, vlan: Vlan, purpose: Purpose): Uint8Array {
  const { linkIndex, id: first, lastId = first, isPvid = false, isUntagged = false, isSelf = false } = vlan;
  if (lastId < first) throw invalid(purpose, 'lastId', `${lastId} comes before ${first}`);
  if (isPvid && lastId !== first) throw invalid(purpose, 'isPvid', 'one VLAN can be it, not several');
  const flags = (isPvid ? VLAN_FLAG.pvid : 0) | (isUntagged ? VLAN_FLAG.untagged : 0);
  const isOne = lastId === first;
  const spec = encodeAttributes([
    [IFLA_BRIDGE_FLAGS, isSelf ? asU16.encode(BRIDGE_FLAGS_SELF) : undefined],
    [IFLA_BRIDGE_VLAN_INFO, info(isOne ? flags : flags | VLAN_FLAG.rangeBegin, first)],
    [IFLA_BRIDGE_VLAN_INFO, isOne ? undefined : info(flags | VLAN_FLAG.rangeEnd, lastId)],
  ]);
  return startMessage(type, linkIndex).attribute(IFLA_AF_SPEC, spec).finish();
}

/** RTM_GETLINK for the ports of all bridges. */
export function buildVlanDump(): Uint8Array {
  return startMessage(RTM.GETLINK, 0).attributeU32(IFLA.EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED).finish();
}

/** The VLANs that a link of family bridge has. */
export function decodeVlans({ payload }: NetlinkMessage): readonly ReportedBridgeVlan[] {
  const linkIndex = u32(payload, 4);
  const found = attributes(payload, IFINFOMSG_LENGTH);
  const masterIndex = read(found, IFLA.MASTER, u32);
  const vlans: ReportedBridgeVlan[] = [];
  let first: number | undefined;
  for (const [type, bytes] of attributeList(found.get(IFLA_AF_SPEC) ?? new Uint8Array(0))) {
    if (type !== IFLA_BRIDGE_VLAN_INFO) continue;
    const [flags, last] = [u16(bytes), u16(bytes, 2)];
    first = (flags & VLAN_FLAG.rangeEnd) === 0 ? last : (first ?? last);
    if ((flags & VLAN_FLAG.rangeBegin) !== 0) continue;
    vlans.push({
      linkIndex,
      id: first,
      lastId: last,
      isPvid: (flags & VLAN_FLAG.pvid) !== 0,
      isUntagged: (flags & VLAN_FLAG.untagged) !== 0,
      // Of the bridge itself it is the bridge.
      ...(masterIndex !== undefined && masterIndex !== linkIndex && { masterIndex }),
    });
  }
  return vlans;
}
