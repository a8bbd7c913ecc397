import {
  attributes,
  MessageWriter,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  NFNL_SUBSYS_QUEUE,
  optional,
  u8,
} from '@routed/netns/nfnetlink';
import {
  FAMILY_OF_ETHERTYPE,
  HOOKS,
  NF_VERDICT,
  NFQA_CAP_LEN,
  NFQA_CFG_CMD,
  NFQA_CFG_PARAMS,
  NFQA_CFG_QUEUE_MAXLEN,
  NFQA_IFINDEX_INDEV,
  NFQA_IFINDEX_OUTDEV,
  NFQA_MARK,
  NFQA_PACKET_HDR,
  NFQA_PAYLOAD,
  NFQA_VERDICT_HDR,
  NFQNL_CFG_CMD_BIND,
  NFQNL_COPY_PACKET,
  NFQNL_MSG,
} from '../uapi/packet-queue.ts';

/** Longer than any packet. */
const COPY_BYTES = 0xffff;

/** A packet that the kernel holds until it is told what becomes of it. */
export interface QueuedPacket {
  /** Names it in {@link PacketVerdict}; one more for each packet of the queue. */
  readonly id: number;
  readonly hook: (typeof HOOKS)[number];
  readonly family: 4 | 6;
  /** Index of the link that it came by; 0: by none, as it is the host's own. */
  readonly inLink: number;
  /** Index of the link that it leaves by; 0: not known yet. */
  readonly outLink: number;
  readonly mark: number;
  /** From the IP header on; fragments were put together. */
  readonly bytes: Uint8Array;
}

/** What becomes of a packet. */
export interface PacketVerdict {
  readonly id: number;
  /** `accept`: it goes on where it was stopped. */
  readonly verdict: keyof typeof NF_VERDICT;
  /** Replaces the mark of the packet. */
  readonly mark?: number;
}

/** What {@link decodePacket} says of a message that names a packet, but cannot be read: it must be dropped. */
export interface UnreadablePacket {
  readonly id: number;
  readonly isUnreadable: true;
}

/** Binds the socket to a queue, and asks for whole packets. At most `length` may wait; the kernel drops what comes beyond. */
export function buildQueueBind(queue: number, length: number): Uint8Array {
  return queueMessage(NFQNL_MSG.CONFIG, queue)
    .attribute(NFQA_CFG_CMD, Uint8Array.of(NFQNL_CFG_CMD_BIND, 0, 0, 0))
    .attribute(NFQA_CFG_PARAMS, Uint8Array.of(...be32(COPY_BYTES), NFQNL_COPY_PACKET))
    .attribute(NFQA_CFG_QUEUE_MAXLEN, be32(length))
    .finish();
}

export function buildVerdict(queue: number, { id, verdict, mark }: PacketVerdict): Uint8Array {
  const writer = queueMessage(NFQNL_MSG.VERDICT, queue);
  if (mark !== undefined) writer.attribute(NFQA_MARK, be32(mark));
  return writer.attribute(NFQA_VERDICT_HDR, Uint8Array.of(...be32(NF_VERDICT[verdict]), ...be32(id))).finish();
}

/** The packet of a message; undefined for messages about something else. The bytes are a view of the message. */
export function decodePacket({ type, payload }: NetlinkMessage): QueuedPacket | UnreadablePacket | undefined {
  if (type !== ((NFNL_SUBSYS_QUEUE << 8) | NFQNL_MSG.PACKET)) return undefined;
  const found = attributes(payload, NFGENMSG_LENGTH);
  const header = found.get(NFQA_PACKET_HDR);
  // id, EtherType, hook.
  if (header === undefined || header.length < 7) return undefined;
  const id = readBe32(header);
  const family = FAMILY_OF_ETHERTYPE[(u8(header, 4) << 8) | u8(header, 5)];
  const hook = HOOKS[u8(header, 6)];
  const bytes = found.get(NFQA_PAYLOAD);
  // With this attribute, not all of the packet is here.
  if (family === undefined || hook === undefined || bytes === undefined || found.has(NFQA_CAP_LEN)) {
    return { id, isUnreadable: true };
  }
  const number = (attribute: number): number => optional(found, attribute, readBe32) ?? 0;
  return {
    id,
    hook,
    family,
    inLink: number(NFQA_IFINDEX_INDEV),
    outLink: number(NFQA_IFINDEX_OUTDEV),
    mark: number(NFQA_MARK),
    bytes,
  };
}

/** The resource id, in network byte order, is the queue. */
function queueMessage(type: number, queue: number): MessageWriter {
  return new MessageWriter((NFNL_SUBSYS_QUEUE << 8) | type, 0, 128)
    .u8(0)
    .u8(0)
    .u8(queue >> 8)
    .u8(queue & 0xff);
}

function be32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function readBe32(bytes: Uint8Array): number {
  return ((u8(bytes) << 24) | (u8(bytes, 1) << 16) | (u8(bytes, 2) << 8) | u8(bytes, 3)) >>> 0;
}
