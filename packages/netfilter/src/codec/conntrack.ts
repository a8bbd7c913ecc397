import type { Family, IpBytes } from '@routed/addresses';
import {
  attributes,
  MessageWriter,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  NFNL_SUBSYS_CTNETLINK,
  optional,
  u8,
} from '@routed/netns/nfnetlink';
import {
  ADDRESS_FAMILY,
  CTA_FILTER,
  CTA_FILTER_FLAGS,
  CTA_ID,
  CTA_IP,
  CTA_PROTO_DST_PORT,
  CTA_PROTO_NUM,
  CTA_PROTO_SRC_PORT,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_PROTO,
  CTA_TUPLE_REPLY,
  CTA_ZONE,
  FILTER_BY_SOURCE,
  IPCTNL_MSG_CT,
} from '../uapi/conntrack.ts';

/** The direction of a connection: as its first packet went, or the way back. */
export type Direction = 'orig' | 'reply';

/** One direction of a connection. */
export interface Tuple {
  readonly source: IpBytes;
  readonly destination: IpBytes;
  /** Number of the protocol above IP. */
  readonly protocol: number;
  /** 0 for protocols without ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A connection that the kernel tracks. */
export interface Connection {
  readonly orig: Tuple;
  readonly reply: Tuple;
  /** What tells it apart in the kernel, as the kernel wrote it. */
  readonly identity: ReadonlyMap<number, Uint8Array>;
}

const NLA_F_NESTED = 0x8000;
/** The family of a request to delete counts from this version on. Source: linux nf_conntrack_netlink.c `ctnetlink_del_conntrack`. */
const VERSION_WITH_FAMILY = 1;
const TUPLE_ATTRIBUTE = { orig: CTA_TUPLE_ORIG, reply: CTA_TUPLE_REPLY } as const;

/** Asks for all connections of a family. */
export function buildConnectionDump(family: Family): Uint8Array {
  return header(IPCTNL_MSG_CT.GET, family).finish();
}

/**
 * Asks for the IPv4 connections of which one direction comes from an address. Kernels before 5.8 send all of them.
 *
 * There is none for IPv6: the kernel sends those that come from any other address. Source: linux nf_conntrack_netlink.c
 * `ctnetlink_filter_match_tuple`, which takes `ipv6_addr_cmp` for a test of equality (seen on 6.18).
 */
export function buildFilteredDump(source: IpBytes, direction: Direction): Uint8Array {
  return bySource(IPCTNL_MSG_CT.GET, source, direction);
}

/**
 * Deletes the IPv4 connections of which one direction comes from an address; none for IPv6, see {@link buildFilteredDump}.
 *
 * Kernels before 6.8 take the filter for an incomplete connection and answer EINVAL.
 */
export function buildFlush(source: IpBytes, direction: Direction): Uint8Array {
  return bySource(IPCTNL_MSG_CT.DELETE, source, direction);
}

/** Deletes one connection, if it is still the same. */
export function buildConnectionDelete({ orig, identity }: Connection): Uint8Array {
  const writer = header(IPCTNL_MSG_CT.DELETE, orig.source.family);
  for (const [type, bytes] of identity) {
    writer.attribute(type === CTA_TUPLE_ORIG ? type | NLA_F_NESTED : type, bytes);
  }
  return writer.finish();
}

/** A connection of a dump that one of the addresses occurs in; undefined for others. It may be kept. */
export function decodeConnection({ payload }: NetlinkMessage, addresses: readonly IpBytes[]): Connection | undefined {
  // A tenth of the time of decoding it, and most are others.
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (!addresses.some((address) => bytes.indexOf(address.bytes) >= 0)) return undefined;
  const familyNumber = u8(payload);
  const family = familyNumber === ADDRESS_FAMILY[4] ? 4 : familyNumber === ADDRESS_FAMILY[6] ? 6 : undefined;
  if (family === undefined) return undefined;
  const found = attributes(payload, NFGENMSG_LENGTH, WANTED);
  const orig = optional(found, CTA_TUPLE_ORIG, (bytes) => decodeTuple(bytes, family));
  const reply = optional(found, CTA_TUPLE_REPLY, (bytes) => decodeTuple(bytes, family));
  if (orig === undefined || reply === undefined) return undefined;
  const identity = [CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID].flatMap((type) => {
    const bytes = found.get(type);
    return bytes === undefined ? [] : [[type, bytes.slice()] as const];
  });
  return { orig, reply, identity: new Map(identity) };
}

const WANTED: ReadonlySet<number> = new Set([CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_ID]);

function decodeTuple(bytes: Uint8Array, family: Family): Tuple | undefined {
  const found = attributes(bytes);
  const addresses = optional(found, CTA_TUPLE_IP, attributes);
  const source = addresses?.get(CTA_IP[family].source);
  const destination = addresses?.get(CTA_IP[family].destination);
  if (source === undefined || destination === undefined) return undefined;
  const protocol = optional(found, CTA_TUPLE_PROTO, attributes) ?? new Map<number, Uint8Array>();
  return {
    source: { family, bytes: source.slice() },
    destination: { family, bytes: destination.slice() },
    protocol: optional(protocol, CTA_PROTO_NUM, u8) ?? 0,
    sourcePort: optional(protocol, CTA_PROTO_SRC_PORT, port) ?? 0,
    destinationPort: optional(protocol, CTA_PROTO_DST_PORT, port) ?? 0,
  };
}

function port(bytes: Uint8Array): number {
  return u8(bytes, 0) * 0x100 + u8(bytes, 1);
}

function bySource(type: number, { family, bytes }: IpBytes, direction: Direction): Uint8Array {
  const writer = header(type, family);
  const nest = (attribute: number, fill: () => void): unknown => writer.nest(attribute | NLA_F_NESTED, fill);
  nest(TUPLE_ATTRIBUTE[direction], () => {
    nest(CTA_TUPLE_IP, () => writer.attribute(CTA_IP[family].source, bytes));
  });
  nest(CTA_FILTER, () => writer.attributeU32(CTA_FILTER_FLAGS[direction], FILTER_BY_SOURCE));
  return writer.finish();
}

function header(type: number, family: Family): MessageWriter {
  return new MessageWriter((NFNL_SUBSYS_CTNETLINK << 8) | type, 0)
    .u8(ADDRESS_FAMILY[family])
    .u8(VERSION_WITH_FAMILY)
    .u16(0);
}
