import { NetlinkError } from '../errors.ts';
import { NLA_HDRLEN, NLA_TYPE_MASK, NLMSG_HDRLEN } from '../uapi/netlink.ts';
import { align, isLittleEndian } from './writer.ts';

const decoder = new TextDecoder();

/** One message of a datagram; `payload` is a view, valid until the buffer is received into again. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** In a notification the port of the socket whose request caused it, in an answer that of the socket that asked. */
  readonly portId?: number;
  readonly payload: Uint8Array;
}

/** Attribute payloads by type; of repeated attributes the last. The payloads are views. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

/** What cannot be a message. */
export function malformed(reason: string): NetlinkError {
  return new NetlinkError({ code: 'EBADMSG', errno: 0, operation: 'netlink.decode', subject: '', reason });
}

/**
 * The messages of one datagram.
 *
 * @throws {@link NetlinkError} `EBADMSG` at a message that does not fit the datagram.
 */
export function* messages(datagram: Uint8Array): Generator<NetlinkMessage> {
  let offset = 0;
  while (offset < datagram.length) {
    if (datagram.length - offset < NLMSG_HDRLEN) throw malformed('message header cut off');
    const length = u32(datagram, offset);
    if (length < NLMSG_HDRLEN || length > datagram.length - offset) throw malformed(`message length ${length}`);
    yield {
      type: u16(datagram, offset + 4),
      flags: u16(datagram, offset + 6),
      sequence: u32(datagram, offset + 8),
      portId: u32(datagram, offset + 12),
      payload: datagram.subarray(offset + NLMSG_HDRLEN, offset + length),
    };
    offset += align(length);
  }
}

/**
 * The attributes of `payload` from `start` on; only those that are wanted, if that is said. A link has forty attributes,
 * and each view of one costs more than to pass it over.
 *
 * @throws {@link NetlinkError} `EBADMSG` at an attribute that does not fit, wanted or not.
 */
export function attributes(payload: Uint8Array, start = 0, wanted?: ReadonlySet<number>): Attributes {
  const found = new Map<number, Uint8Array>();
  eachAttribute(payload, start, payload.length, (type, begin, end) => {
    if (wanted === undefined || wanted.has(type)) found.set(type, payload.subarray(begin, end));
  });
  return found;
}

/** As {@link attributes}, for those that are repeated: in their order, type and payload. */
export function attributeList(payload: Uint8Array, start = 0): [type: number, payload: Uint8Array][] {
  const found: [number, Uint8Array][] = [];
  eachAttribute(payload, start, payload.length, (type, begin, end) => found.push([type, payload.subarray(begin, end)]));
  return found;
}

/**
 * Says of each attribute between `start` and `end` of what lies where: its type, and where its payload begins and ends.
 *
 * @throws {@link NetlinkError} `EBADMSG` at an attribute that does not fit
 */
export function eachAttribute(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (type: number, begin: number, end: number) => void,
): void {
  if (start > end) throw malformed(`${end} bytes, ${start} expected`);
  let offset = start;
  while (offset + NLA_HDRLEN <= end) {
    const length = u16(bytes, offset);
    if (length < NLA_HDRLEN || length > end - offset) throw malformed(`attribute length ${length}`);
    visit(u16(bytes, offset + 2) & NLA_TYPE_MASK, offset + NLA_HDRLEN, offset + length);
    offset += align(length);
  }
}

/** Reads the byte at `offset`. @throws {@link NetlinkError} `EBADMSG` outside. */
export function u8(bytes: Uint8Array, offset = 0): number {
  const value = bytes[offset];
  if (value === undefined) throw tooShort(bytes, offset);
  return value;
}

/** Reads a number in machine byte order. @throws {@link NetlinkError} `EBADMSG` outside. */
export function u16(bytes: Uint8Array, offset = 0): number {
  const first = bytes[offset];
  const second = bytes[offset + 1];
  if (first === undefined || second === undefined) throw tooShort(bytes, offset + 1);
  return isLittleEndian ? first | (second << 8) : (first << 8) | second;
}

/** Reads a number in machine byte order. @throws {@link NetlinkError} `EBADMSG` outside. */
export function u32(bytes: Uint8Array, offset = 0): number {
  const first = u16(bytes, offset);
  const second = u16(bytes, offset + 2);
  return isLittleEndian ? first + second * 0x10000 : first * 0x10000 + second;
}

function tooShort(bytes: Uint8Array, offset: number): NetlinkError {
  return malformed(`${bytes.length} bytes, byte ${offset} expected`);
}

/** Reads text up to its NUL. */
export function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** Reads an attribute with `read`, or gives `undefined` when it is absent. */
export function optional<T>(found: Attributes, type: number, read: (bytes: Uint8Array) => T): T | undefined {
  const bytes = found.get(type);
  return bytes === undefined ? undefined : read(bytes);
}
