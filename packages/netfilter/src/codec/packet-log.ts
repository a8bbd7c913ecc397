import {
  attributes,
  MessageWriter,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  optional,
  text,
  u8,
} from '@routed/netns/nfnetlink';
import {
  NFNL_SUBSYS_ULOG,
  NFULA_CFG_CMD,
  NFULA_CFG_FLAGS,
  NFULA_CFG_MODE,
  NFULA_CFG_QTHRESH,
  NFULA_CFG_TIMEOUT,
  NFULA_IFINDEX_INDEV,
  NFULA_IFINDEX_OUTDEV,
  NFULA_MARK,
  NFULA_PACKET_HDR,
  NFULA_PAYLOAD,
  NFULA_PREFIX,
  NFULA_SEQ,
  NFULA_TIMESTAMP,
  NFULNL_CFG_CMD_BIND,
  NFULNL_CFG_F_SEQ,
  NFULNL_COPY_PACKET,
  NFULNL_MSG,
} from '../uapi/packet-log.ts';
import { HOOKS } from '../uapi/packet-queue.ts';
import { decodeIpPacket, type IpPacket } from './ip-packet.ts';

/** A packet that a rule wrote to a log group. */
export interface LoggedPacket extends IpPacket {
  /** When the kernel received it; of packets without a time of their own, when it was read. */
  readonly time: Date;
  /** What the rule says of it. */
  readonly prefix: string;
  readonly hook: (typeof HOOKS)[number];
  /** Index of the link that it came by; 0: by none, as it is the host's own. */
  readonly inLink: number;
  /** Index of the link that it leaves by; 0: by none, as it is for the host, or not known yet. */
  readonly outLink: number;
  readonly mark: number;
}

/** A message of a group: its place among all of the group, and the packet, unless it is none of IP. */
export interface LogEntry {
  readonly sequence: number;
  readonly packet: LoggedPacket | undefined;
}

/** Room for the headers, options and extension headers that decide. */
const COPY_BYTES = 192;
const FLUSH_CENTISECONDS = 10;
const FLUSH_PACKETS = 50;

/**
 * Binds a group to the socket that sends this: its first bytes, numbered, a tenth of a second late at most.
 *
 * Source: linux net/netfilter/nfnetlink_log.c `nfulnl_recv_config`.
 */
export function buildLogBind(group: number): Uint8Array {
  return new MessageWriter((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG.CONFIG, 0)
    .u8(0)
    .u8(0)
    .u8(group >> 8)
    .u8(group & 0xff)
    .attributeU8(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND)
    .attribute(NFULA_CFG_MODE, Uint8Array.of(...be32(COPY_BYTES), NFULNL_COPY_PACKET, 0))
    .attribute(NFULA_CFG_TIMEOUT, be32(FLUSH_CENTISECONDS))
    .attribute(NFULA_CFG_QTHRESH, be32(FLUSH_PACKETS))
    .attribute(NFULA_CFG_FLAGS, Uint8Array.of(0, NFULNL_CFG_F_SEQ))
    .finish();
}

/**
 * Reads a message of a group; undefined for one that is no packet. What it returns may be kept.
 *
 * @param now for packets without a time
 */
export function decodeLogEntry({ type, payload }: NetlinkMessage, now: () => Date): LogEntry | undefined {
  if (type !== ((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG.PACKET)) return undefined;
  const found = attributes(payload, NFGENMSG_LENGTH);
  const number = (attribute: number): number => optional(found, attribute, readBe32) ?? 0;
  const ip = optional(found, NFULA_PAYLOAD, decodeIpPacket);
  // EtherType, hook.
  const hook = HOOKS[optional(found, NFULA_PACKET_HDR, (bytes) => u8(bytes, 2)) ?? HOOKS.length];
  const sequence = number(NFULA_SEQ);
  if (ip === undefined || hook === undefined) return { sequence, packet: undefined };
  const packet = {
    time: optional(found, NFULA_TIMESTAMP, readTime) ?? now(),
    prefix: optional(found, NFULA_PREFIX, text) ?? '',
    hook,
    inLink: number(NFULA_IFINDEX_INDEV),
    outLink: number(NFULA_IFINDEX_OUTDEV),
    mark: number(NFULA_MARK),
    ...ip,
  };
  return { sequence, packet };
}

/** Seconds and microseconds, each 64 bits in network byte order. */
function readTime(bytes: Uint8Array): Date {
  u8(bytes, 15);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return new Date(Number(view.getBigUint64(0)) * 1000 + Number(view.getBigUint64(8)) / 1000);
}

function be32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function readBe32(bytes: Uint8Array): number {
  u8(bytes, 3);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
