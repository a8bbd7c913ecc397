import type { Family, IpBytes } from '@routed/addresses';
import {
  type Connection,
  CTA,
  CTA_IP,
  CTA_PROTO,
  CTA_PROTOINFO_TCP,
  CTA_PROTOINFO_TCP_STATE,
  CTA_TUPLE,
  decodeConnection,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPS,
  TCP_CONNTRACK,
  type TcpState,
} from '@routed/netns/conntrack';
import {
  type Attributes,
  attributes,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  optional,
  u8,
} from '@routed/netns/nfnetlink';

/** A connection of a dump that one of the addresses occurs in; undefined for others. It may be kept. */
export function decodeConnectionOf(row: NetlinkMessage, addresses: readonly IpBytes[]): Connection | undefined {
  // A tenth of the time of decoding it, and most are others.
  const bytes = Buffer.from(row.payload.buffer, row.payload.byteOffset, row.payload.length);
  return addresses.some((address) => bytes.indexOf(address.bytes) >= 0) ? decodeConnection(row) : undefined;
}

/**
 * {@link decodeConnectionOf}; undefined also for a TCP connection that has ended, of which the kernel keeps thousands for two
 * minutes.
 */
export function decodeOpenConnectionOf(row: NetlinkMessage, addresses: readonly IpBytes[]): Connection | undefined {
  const connection = decodeConnectionOf(row, addresses);
  const state = connection?.tcp?.state;
  return state !== undefined && ENDED_STATES.has(state) ? undefined : connection;
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
  const reply = attributes(payload, NFGENMSG_LENGTH, ONLY_REPLY).get(CTA.TUPLE_REPLY);
  const ip = reply && attributes(reply, 0, ONLY_IP).get(CTA_TUPLE.IP);
  const source = ip && attributes(ip, 0, ONLY_SOURCE[family]).get(CTA_IP[family].source);
  if (source === undefined) return undefined;
  const key = addressKey(source);
  if (!keys.has(key)) return undefined;
  const found = attributes(payload, NFGENMSG_LENGTH, LIVENESS);
  const mark = optional(found, CTA.MARK, u32be) ?? 0;
  return (mark & othersBits) === 0 && isLive(found) ? key : undefined;
}

/**
 * States of TCP in which a side can still send. Not LAST_ACK: both have closed, and the kernel keeps an entry whose last acknowledgement
 * went another way for 30 s (nf_conntrack_tcp_timeout_last_ack).
 */
const LIVE_STATES: ReadonlySet<number> = new Set([
  TCP_CONNTRACK['syn-received'],
  TCP_CONNTRACK.established,
  TCP_CONNTRACK['fin-wait'],
  TCP_CONNTRACK['close-wait'],
]);

const ENDED_STATES: ReadonlySet<TcpState> = new Set<TcpState>(['time-wait', 'close']);

function isLive(connection: Attributes): boolean {
  const tcp = optional(connection, CTA.PROTOINFO, attributes);
  const state = tcp && optional(tcp, CTA_PROTOINFO_TCP, attributes)?.get(CTA_PROTOINFO_TCP_STATE);
  if (state !== undefined) return LIVE_STATES.has(u8(state));
  // Not TCP, or TCP in a flow table: the kernel omits its state.
  // Source: linux nf_conntrack_netlink.c `ctnetlink_dump_info`, IPS_OFFLOAD_BIT.
  const reply = optional(connection, CTA.TUPLE_REPLY, attributes);
  const protocol = reply && optional(reply, CTA_TUPLE.PROTO, attributes)?.get(CTA_PROTO.NUM)?.[0];
  if (protocol === IPPROTO_ICMP || protocol === IPPROTO_ICMPV6) return false;
  // In network byte order: the last byte holds these bits. Source: linux nf_conntrack_netlink.c `ctnetlink_dump_status`.
  const status = optional(connection, CTA.STATUS, (bytes) => u8(bytes, 3)) ?? 0;
  return (status & (IPS.seenReply | IPS.assured)) !== 0;
}

/** Source: linux include/linux/socket.h */
const AF_INET = 2;
const AF_INET6 = 10;

function familyOf(payload: Uint8Array): Family | undefined {
  const number = u8(payload);
  if (number === AF_INET) return 4;
  return number === AF_INET6 ? 6 : undefined;
}

const ONLY_REPLY: ReadonlySet<number> = new Set([CTA.TUPLE_REPLY]);
const ONLY_IP: ReadonlySet<number> = new Set([CTA_TUPLE.IP]);
const ONLY_SOURCE: Readonly<Record<Family, ReadonlySet<number>>> = {
  4: new Set([CTA_IP[4].source]),
  6: new Set([CTA_IP[6].source]),
};
const LIVENESS: ReadonlySet<number> = new Set([CTA.TUPLE_REPLY, CTA.STATUS, CTA.PROTOINFO, CTA.MARK]);

function u32be(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32BE();
}
