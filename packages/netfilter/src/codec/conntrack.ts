import type { Family, IpBytes } from '@routed/addresses';
import {
  type Attributes,
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
  CTA_MARK,
  CTA_MARK_MASK,
  CTA_IP,
  CTA_PROTO_DST_PORT,
  CTA_PROTO_NUM,
  CTA_PROTO_SRC_PORT,
  CTA_PROTOINFO,
  CTA_PROTOINFO_TCP,
  CTA_PROTOINFO_TCP_STATE,
  CTA_STATUS,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_PROTO,
  CTA_TUPLE_REPLY,
  CTA_ZONE,
  FILTER_BY_SOURCE,
  IPCTNL_MSG_CT,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPS_ASSURED,
  IPS_SEEN_REPLY,
  TCP_CONNTRACK,
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
export function buildConnectionDelete(connection: Connection): Uint8Array {
  return identified(IPCTNL_MSG_CT.DELETE, connection).finish();
}

/**
 * Sets bits of the mark of one connection; the others stay.
 *
 * Source: linux nf_conntrack_netlink.c `ctnetlink_change_mark`, which takes both in network byte order.
 */
export function buildConnectionMark(connection: Connection, bits: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(bits);
  return identified(IPCTNL_MSG_CT.NEW, connection).attribute(CTA_MARK, bytes).attribute(CTA_MARK_MASK, bytes).finish();
}

/** A request that names one connection. */
function identified(type: number, { orig, identity }: Connection): MessageWriter {
  const writer = header(type, orig.source.family);
  for (const [attribute, bytes] of identity) {
    writer.attribute(attribute === CTA_TUPLE_ORIG ? attribute | NLA_F_NESTED : attribute, bytes);
  }
  return writer;
}

/** A connection of a dump that one of the addresses occurs in; undefined for others. It may be kept. */
export function decodeConnection({ payload }: NetlinkMessage, addresses: readonly IpBytes[]): Connection | undefined {
  // A tenth of the time of decoding it, and most are others.
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (!addresses.some((address) => bytes.indexOf(address.bytes) >= 0)) return undefined;
  const family = familyOf(payload);
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

/** {@link decodeConnection}; undefined also for a TCP connection that has ended, of which the kernel keeps thousands for two minutes. */
export function decodeOpenConnection(row: NetlinkMessage, addresses: readonly IpBytes[]): Connection | undefined {
  const connection = decodeConnection(row, addresses);
  if (connection === undefined) return undefined;
  const tcp = optional(attributes(row.payload, NFGENMSG_LENGTH, LIVENESS), CTA_PROTOINFO, attributes);
  const state = tcp && optional(tcp, CTA_PROTOINFO_TCP, attributes)?.get(CTA_PROTOINFO_TCP_STATE);
  return state !== undefined && ENDED_STATES.has(u8(state)) ? undefined : connection;
}

/** Identifies an address of either family. */
export function addressKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/**
 * The {@link addressKey} of the address that answers a live connection of a dump; undefined if it is none of `keys`, or if the
 * connection is not live.
 *
 * A TCP connection is live in the {@link LIVE_STATES}; any other once packets have gone both ways. ICMP never is.
 *
 * @param othersBits a connection with one of these bits in its mark is none
 */
export function decodeLiveResponder(
  { payload }: NetlinkMessage,
  keys: ReadonlySet<string>,
  othersBits = 0,
): string | undefined {
  const family = familyOf(payload);
  if (family === undefined) return undefined;
  // Most connections belong to other addresses: decode nothing else of those.
  const reply = attributes(payload, NFGENMSG_LENGTH, ONLY_REPLY).get(CTA_TUPLE_REPLY);
  const ip = reply && attributes(reply, 0, ONLY_IP).get(CTA_TUPLE_IP);
  const source = ip && attributes(ip, 0, ONLY_SOURCE[family]).get(CTA_IP[family].source);
  if (source === undefined) return undefined;
  const key = addressKey(source);
  if (!keys.has(key)) return undefined;
  const found = attributes(payload, NFGENMSG_LENGTH, LIVENESS);
  const mark = optional(found, CTA_MARK, u32be) ?? 0;
  return (mark & othersBits) === 0 && isLive(found) ? key : undefined;
}

/**
 * States of TCP in which a side can still send. Not LAST_ACK: both have closed, and the kernel keeps an entry whose last acknowledgement
 * went another way for 30 s (nf_conntrack_tcp_timeout_last_ack).
 */
const LIVE_STATES: ReadonlySet<number> = new Set([
  TCP_CONNTRACK.SYN_RECV,
  TCP_CONNTRACK.ESTABLISHED,
  TCP_CONNTRACK.FIN_WAIT,
  TCP_CONNTRACK.CLOSE_WAIT,
]);

const ENDED_STATES: ReadonlySet<number> = new Set([TCP_CONNTRACK.TIME_WAIT, TCP_CONNTRACK.CLOSE]);

function isLive(connection: Attributes): boolean {
  const tcp = optional(connection, CTA_PROTOINFO, attributes);
  const state = tcp && optional(tcp, CTA_PROTOINFO_TCP, attributes)?.get(CTA_PROTOINFO_TCP_STATE);
  if (state !== undefined) return LIVE_STATES.has(u8(state));
  // Not TCP, or TCP in a flow table: the kernel omits its state.
  // Source: linux nf_conntrack_netlink.c `ctnetlink_dump_info`, IPS_OFFLOAD_BIT.
  const reply = optional(connection, CTA_TUPLE_REPLY, attributes);
  const protocol = reply && optional(reply, CTA_TUPLE_PROTO, attributes)?.get(CTA_PROTO_NUM)?.[0];
  if (protocol === IPPROTO_ICMP || protocol === IPPROTO_ICMPV6) return false;
  // In network byte order: the last byte holds these bits. Source: linux nf_conntrack_netlink.c `ctnetlink_dump_status`.
  const status = optional(connection, CTA_STATUS, (bytes) => u8(bytes, 3)) ?? 0;
  return (status & (IPS_SEEN_REPLY | IPS_ASSURED)) !== 0;
}

function familyOf(payload: Uint8Array): Family | undefined {
  const number = u8(payload);
  if (number === ADDRESS_FAMILY[4]) return 4;
  return number === ADDRESS_FAMILY[6] ? 6 : undefined;
}

const ONLY_REPLY: ReadonlySet<number> = new Set([CTA_TUPLE_REPLY]);
const ONLY_IP: ReadonlySet<number> = new Set([CTA_TUPLE_IP]);
const ONLY_SOURCE: Readonly<Record<Family, ReadonlySet<number>>> = {
  4: new Set([CTA_IP[4].source]),
  6: new Set([CTA_IP[6].source]),
};
const LIVENESS: ReadonlySet<number> = new Set([CTA_TUPLE_REPLY, CTA_STATUS, CTA_PROTOINFO, CTA_MARK]);
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

function u32be(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32BE();
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
