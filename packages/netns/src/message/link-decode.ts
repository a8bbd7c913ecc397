import { textAt } from '../codec/ascii.ts';
import { formatMac } from '../codec/mac.ts';
import { type NetlinkMessage, eachAttribute, malformed, u32 } from '../codec/reader.ts';
import { Received } from '../codec/received.ts';
import type { Link } from '../types/link.ts';
import { IFF_LOOPBACK, IFF_LOWER_UP, IFF_RUNNING, IFF_UP, IFLA, IFLA_INFO_KIND } from '../uapi/if-link.ts';
import { AF_UNSPEC } from '../uapi/rtnetlink.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const IFINFOMSG_LENGTH = 16;
/** NETNSA_NSID_NOT_ASSIGNED, -1 */
const NO_NETNSID = 0xffff_ffff;

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

/**
 * Decodes RTM_NEWLINK and RTM_DELLINK in place; `undefined` for those of a bridge port, which are about another thing. A
 * list has forty attributes a row.
 */
export function decodeLink(message: NetlinkMessage): Link | undefined {
  if (message instanceof Received) return decodeAt(message.datagram, message.start, message.end);
  return decodeAt(message.payload, 0, message.payload.length);
}

function decodeAt(bytes: Uint8Array, start: number, end: number): Link | undefined {
  if (end - start < IFINFOMSG_LENGTH) throw malformed(`${end - start} bytes, ${IFINFOMSG_LENGTH} expected`);
  const flags = u32(bytes, start + 8);
  const link: Mutable<Link> = {
    index: u32(bytes, start + 4),
    name: '',
    mtuBytes: 0,
    txQueueLength: 0,
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    isRunning: (flags & IFF_RUNNING) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    group: 0,
  };
  let peerIndex = 0;
  let peerNetnsId: number | undefined;
  eachAttribute(bytes, start + IFINFOMSG_LENGTH, end, (type, from, to) => {
    if (type === IFLA.LINK) peerIndex = wordAt(bytes, from, to);
    else if (type === IFLA.LINK_NETNSID) peerNetnsId = wordAt(bytes, from, to);
    else readInto(link, bytes, type, from, to);
  });
  if (bytes[start] !== AF_UNSPEC) return undefined;
  // Without the number of its namespace it would be taken for an index of this one.
  if (peerIndex !== 0 && peerNetnsId !== NO_NETNSID) link.peerIndex = peerIndex;
  if (peerNetnsId !== undefined && peerNetnsId !== NO_NETNSID) link.peerNetnsId = peerNetnsId;
  return link;
}

function readInto(link: Mutable<Link>, bytes: Uint8Array, type: number, from: number, to: number): void {
  switch (type) {
    case IFLA.IFNAME:
      link.name = textAt(bytes, from, to);
      return;
    case IFLA.MTU:
      link.mtuBytes = wordAt(bytes, from, to);
      return;
    case IFLA.TXQLEN:
      link.txQueueLength = wordAt(bytes, from, to);
      return;
    case IFLA.GROUP:
      link.group = wordAt(bytes, from, to);
      return;
    case IFLA.LINKINFO:
      readKind(link, bytes, from, to);
      return;
    case IFLA.ADDRESS:
      if (to > from) link.mac = formatMac(bytes, from, to);
      return;
    case IFLA.IFALIAS:
      link.alias = textAt(bytes, from, to);
      return;
    case IFLA.MASTER:
      link.masterIndex = wordAt(bytes, from, to);
  }
}

function readKind(link: Mutable<Link>, bytes: Uint8Array, start: number, end: number): void {
  eachAttribute(bytes, start, end, (type, from, to) => {
    if (type === IFLA_INFO_KIND) link.kind = textAt(bytes, from, to);
  });
}

/** A number of an attribute, which must not be read from the next one. */
function wordAt(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 4) throw malformed(`${to - from} bytes, byte ${to - from} expected`);
  return u32(bytes, from);
}
