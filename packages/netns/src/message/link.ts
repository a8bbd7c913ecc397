import { formatMac } from '../codec/mac.ts';
import { type NetlinkMessage, attributes, optional, text, u32 } from '../codec/reader.ts';
import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Link, LinkFilter, LinkSelector } from '../types/link.ts';
import {
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_RUNNING,
  IFF_UP,
  IFLA,
  IFLA_INFO_KIND,
  RTEXT_FILTER_SKIP_STATS,
} from '../uapi/if-link.ts';
import { AF_UNSPEC, RTM } from '../uapi/rtnetlink.ts';
import { INDEX, U32, checkLinkName, checkRange } from './validate.ts';

const IFINFOMSG_LENGTH = 16;

/** Header fields of a link message. */
export interface LinkHeader {
  readonly family?: number;
  readonly index?: number;
  readonly flags?: number;
  /** Which of the flags are meant. */
  readonly flagMask?: number;
}

/** Writes `struct ifinfomsg`. Source: linux uapi rtnetlink.h. */
export function writeLinkHeader(writer: MessageWriter, header: LinkHeader = {}): MessageWriter {
  const { family = AF_UNSPEC, index = 0, flags = 0, flagMask = 0 } = header;
  return writer.u8(family).u8(0).u16(0).u32(index).u32(flags).u32(flagMask);
}

/** Starts a message about one link; the selector goes to the header or becomes IFLA_IFNAME. */
export function linkMessage(
  type: number,
  selector: LinkSelector,
  purpose: Purpose,
  header: LinkHeader = {},
): MessageWriter {
  const writer = new MessageWriter(type, 0);
  if ('index' in selector) {
    return writeLinkHeader(writer, { ...header, index: checkRange(selector.index, INDEX, purpose, 'index') });
  }
  const name = checkLinkName(selector.name, purpose);
  return writeLinkHeader(writer, header).attributeString(IFLA.IFNAME, name);
}

/** RTM_GETLINK for one link, in the namespace with this number or in the socket's own. */
export function buildLinkGet(
  selector: LinkSelector,
  purpose: Purpose,
  netnsId?: number,
  parts: number = RTEXT_FILTER_SKIP_STATS,
): Uint8Array {
  const writer = linkMessage(RTM.GETLINK, selector, purpose).attributeU32(IFLA.EXT_MASK, parts);
  if (netnsId !== undefined) writer.attributeU32(IFLA.TARGET_NETNSID, netnsId);
  return writer.finish();
}

/** RTM_GETLINK for all links. The kernel filters by kind and master; it has no filter for groups. */
export function buildLinkDump(filter: LinkFilter, purpose: Purpose): Uint8Array {
  const writer = writeLinkHeader(new MessageWriter(RTM.GETLINK, 0));
  writer.attributeU32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  const { kind, masterIndex } = filter;
  if (masterIndex !== undefined)
    writer.attributeU32(IFLA.MASTER, checkRange(masterIndex, INDEX, purpose, 'masterIndex'));
  if (kind !== undefined) writer.nest(IFLA.LINKINFO, () => writer.attributeText(IFLA_INFO_KIND, kind));
  return writer.finish();
}

/** RTM_DELLINK for one link. */
export function buildLinkDelete(selector: LinkSelector, purpose: Purpose): Uint8Array {
  return linkMessage(RTM.DELLINK, selector, purpose).finish();
}

/** RTM_DELLINK for a whole group; the caller has excluded group 0. */
export function buildGroupDelete(group: number, purpose: Purpose): Uint8Array {
  const number = checkRange(group, U32, purpose, 'group');
  return writeLinkHeader(new MessageWriter(RTM.DELLINK, 0)).attributeU32(IFLA.GROUP, number).finish();
}

/** What {@link decodeLink} reads. */
export const LINK_DECODED: ReadonlySet<number> = new Set([
  IFLA.ADDRESS,
  IFLA.GROUP,
  IFLA.IFALIAS,
  IFLA.IFNAME,
  IFLA.LINK,
  IFLA.LINK_NETNSID,
  IFLA.LINKINFO,
  IFLA.MASTER,
  IFLA.MTU,
  IFLA.TXQLEN,
]);

/** Decodes RTM_NEWLINK and RTM_DELLINK; `undefined` for those of a bridge port, which are about another thing. */
export function decodeLink({ payload }: NetlinkMessage): Link | undefined {
  const found = attributes(payload, IFINFOMSG_LENGTH, LINK_DECODED);
  if (payload[0] !== AF_UNSPEC) return undefined;
  const flags = u32(payload, 8);
  const kind = optional(found, IFLA.LINKINFO, (info) => optional(attributes(info), IFLA_INFO_KIND, text));
  const mac = optional(found, IFLA.ADDRESS, formatMac);
  const alias = optional(found, IFLA.IFALIAS, text);
  const peerIndex = optional(found, IFLA.LINK, u32);
  const peerNetnsId = optional(found, IFLA.LINK_NETNSID, u32);
  const masterIndex = optional(found, IFLA.MASTER, u32);
  return {
    index: u32(payload, 4),
    name: optional(found, IFLA.IFNAME, text) ?? '',
    mtuBytes: optional(found, IFLA.MTU, u32) ?? 0,
    txQueueLength: optional(found, IFLA.TXQLEN, u32) ?? 0,
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    isRunning: (flags & IFF_RUNNING) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    group: optional(found, IFLA.GROUP, u32) ?? 0,
    ...(kind !== undefined && { kind }),
    ...(mac !== undefined && mac !== '' && { mac }),
    ...(alias !== undefined && { alias }),
    // Without the number of its namespace it would be taken for an index of this one.
    ...(peerIndex !== undefined && peerIndex !== 0 && peerNetnsId !== NO_NETNSID && { peerIndex }),
    ...(peerNetnsId !== undefined && peerNetnsId !== NO_NETNSID && { peerNetnsId }),
    ...(masterIndex !== undefined && { masterIndex }),
  };
}

/** NETNSA_NSID_NOT_ASSIGNED, -1 */
const NO_NETNSID = 0xffff_ffff;

/** Whether a link passes the filter: kernels before 4.20, and those that do not know the kind, filter nothing. */
export function matchesLink(link: Link, { kind, group, masterIndex }: LinkFilter): boolean {
  if (kind !== undefined && link.kind !== kind) return false;
  if (group !== undefined && link.group !== group) return false;
  return masterIndex === undefined || link.masterIndex === masterIndex;
}
