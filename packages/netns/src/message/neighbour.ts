import { formatIp } from '@routed/addresses';
import { formatMac } from '../codec/mac.ts';
import { type NetlinkMessage, attributes, optional, u16, u32, u8 } from '../codec/reader.ts';
import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Family } from '../types/common.ts';
import type { Neighbour, NeighbourFilter, NeighbourSpec, NeighbourState } from '../types/neighbour.ts';
import { NDA, NEIGHBOUR_STATE, NTF_PROXY, NTF_ROUTER, NTF_USE } from '../uapi/neighbour.ts';
import { NLM_F_CREATE } from '../uapi/netlink.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { byNumber, familyNumber, familyOf, neighbourAttribute } from './tables.ts';
import { unknownAttributes, unknownNumber } from './unknown.ts';
import { INDEX, U8, checkRange, invalid, requireIp, requireMac } from './validate.ts';

const NDMSG_LENGTH = 12;
const stateNames = byNumber<NeighbourState>(NEIGHBOUR_STATE);
const DECODED: ReadonlySet<number> = new Set([NDA.DST, NDA.LLADDR, NDA.CACHEINFO, NDA.PROBES, NDA.PROTOCOL]);
const DECODED_FLAGS = NTF_PROXY | NTF_ROUTER;

interface NeighbourHeader {
  readonly family: Family;
  readonly linkIndex?: number;
  readonly state?: number;
  readonly isProxy?: boolean | undefined;
  readonly isUse?: boolean;
}

/** Writes `struct ndmsg`. Source: linux uapi neighbour.h. */
function startMessage(type: number, messageFlags: number, header: NeighbourHeader): MessageWriter {
  const writer = new MessageWriter(type, messageFlags).u8(familyNumber(header.family)).u8(0).u16(0);
  return writer
    .u32(header.linkIndex ?? 0)
    .u16(header.state ?? 0)
    .u8((header.isProxy ? NTF_PROXY : 0) | (header.isUse ? NTF_USE : 0))
    .u8(0);
}

/** RTM_NEWNEIGH. `flags` says whether an entry that exists is an error. */
export function buildNeighbourAdd(spec: NeighbourSpec, flags: number, purpose: Purpose): Uint8Array {
  const { isProxy, mac, protocol } = spec;
  const { family, bytes } = requireIp(spec.address, purpose, 'address');
  const linkIndex = checkRange(spec.linkIndex, INDEX, purpose, 'linkIndex');
  const state = NEIGHBOUR_STATE[spec.isPermanent === false ? 'reachable' : 'permanent'];
  const writer = startMessage(RTM.NEWNEIGH, flags, { family, linkIndex, isProxy, state });
  writer.attribute(NDA.DST, bytes);
  if (mac !== undefined) writer.attribute(NDA.LLADDR, requireMac(mac, purpose));
  else if (!isProxy) throw invalid(purpose, 'mac', 'only a proxy entry goes without a MAC address');
  if (protocol !== undefined) writer.attributeU8(NDA.PROTOCOL, checkRange(protocol, U8, purpose, 'protocol'));
  return writer.finish();
}

/** RTM_NEWNEIGH that makes an entry only to have it resolved. */
export function buildNeighbourResolve(
  spec: Pick<NeighbourSpec, 'linkIndex' | 'address'>,
  purpose: Purpose,
): Uint8Array {
  const { family, bytes } = requireIp(spec.address, purpose, 'address');
  const linkIndex = checkRange(spec.linkIndex, INDEX, purpose, 'linkIndex');
  const header = { family, linkIndex, isUse: true };
  return startMessage(RTM.NEWNEIGH, NLM_F_CREATE, header).attribute(NDA.DST, bytes).finish();
}

/** RTM_DELNEIGH. */
export function buildNeighbourDelete(
  spec: Pick<NeighbourSpec, 'linkIndex' | 'address' | 'isProxy'>,
  purpose: Purpose,
): Uint8Array {
  const { family, bytes } = requireIp(spec.address, purpose, 'address');
  const linkIndex = checkRange(spec.linkIndex, INDEX, purpose, 'linkIndex');
  const header = { family, linkIndex, isProxy: spec.isProxy };
  return startMessage(RTM.DELNEIGH, 0, header).attribute(NDA.DST, bytes).finish();
}

/** RTM_GETNEIGH for one family; strict checking makes the kernel filter by link. */
export function buildNeighbourDump(family: Family, filter: NeighbourFilter, purpose: Purpose): Uint8Array {
  const { linkIndex, isProxy } = filter;
  const writer = startMessage(RTM.GETNEIGH, 0, { family, isProxy });
  if (linkIndex !== undefined) writer.attributeU32(NDA.IFINDEX, checkRange(linkIndex, INDEX, purpose, 'linkIndex'));
  return writer.finish();
}

/** Decodes RTM_NEWNEIGH and RTM_DELNEIGH; `undefined` for other families than IP (bridge forwarding entries). */
export function decodeNeighbour({ payload }: NetlinkMessage): Neighbour | undefined {
  const found = attributes(payload, NDMSG_LENGTH);
  const family = familyOf(u8(payload));
  const address = optional(found, NDA.DST, formatIp);
  if (family === undefined || address === undefined) return undefined;
  const state = stateNames.get(u16(payload, 8)) ?? 'none';
  const flags = u8(payload, 10);
  const mac = optional(found, NDA.LLADDR, formatMac);
  const protocol = optional(found, NDA.PROTOCOL, u8);
  const unknown = unknownAttributes(found, DECODED, neighbourAttribute);
  if (!stateNames.has(u16(payload, 8))) unknown.push(unknownNumber('ndm_state', u16(payload, 8)));
  if ((flags & ~DECODED_FLAGS) !== 0) unknown.push(unknownNumber('ndm_flags', flags & ~DECODED_FLAGS));
  return {
    linkIndex: u32(payload, 4),
    family,
    address,
    state,
    isPermanent: state === 'permanent',
    isProxy: (flags & NTF_PROXY) !== 0,
    isRouter: (flags & NTF_ROUTER) !== 0,
    ...(mac !== undefined && { mac }),
    ...(protocol !== undefined && { protocol }),
    ...(unknown.length > 0 && { unknown }),
  };
}
