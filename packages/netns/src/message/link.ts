import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Link, LinkFilter, LinkSelector } from '../types/link.ts';
import { IFLA, IFLA_INFO_KIND, RTEXT_FILTER_SKIP_STATS } from '../uapi/if-link.ts';
import { AF_UNSPEC, RTM } from '../uapi/rtnetlink.ts';
import { INDEX, U32, checkLinkName, checkRange } from './validate.ts';

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

/** Whether a link passes the filter: kernels before 4.20, and those that do not know the kind, filter nothing. */
export function matchesLink(link: Link, { kind, group, masterIndex }: LinkFilter): boolean {
  if (kind !== undefined && link.kind !== kind) return false;
  if (group !== undefined && link.group !== group) return false;
  return masterIndex === undefined || link.masterIndex === masterIndex;
}
