import { endianness } from 'node:os';

import { NetlinkError } from '../errors.ts';
import { NLA_F_NESTED, NLA_HDRLEN, NLMSG_HDRLEN } from '../uapi/netlink.ts';

/** Netlink speaks the byte order of the machine. */
export const isLittleEndian: boolean = endianness() === 'LE';

/** Largest rtnetlink message of this library; the longest attribute is an alias of 255 bytes. */
const DEFAULT_CAPACITY_BYTES = 2048;
const encoder = new TextEncoder();
/** Buffers of that size whose messages are finished, all zero: to make one takes longer than to write a message. */
const spare: Uint8Array[] = [];
const MOST_SPARE = 4;
const NONE = new Uint8Array(0);
const NO_VIEW = new DataView(NONE.buffer);

/**
 * Writes one netlink message: header, family header, attributes.
 *
 * Sequence and port are left 0 for the socket to fill in. Every attribute starts at a multiple of
 * four. Source: linux uapi netlink.h `struct nlmsghdr`, `struct nlattr`.
 */
export class MessageWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #end: number = NLMSG_HDRLEN;

  /** Writing more than `capacityBytes`, and more than 2048, throws a RangeError. */
  constructor(type: number, flags: number, capacityBytes: number = DEFAULT_CAPACITY_BYTES) {
    const used = capacityBytes <= DEFAULT_CAPACITY_BYTES ? spare.pop() : undefined;
    this.#bytes = used ?? new Uint8Array(Math.max(capacityBytes, DEFAULT_CAPACITY_BYTES));
    this.#view = new DataView(this.#bytes.buffer);
    this.#view.setUint16(4, type, isLittleEndian);
    this.#view.setUint16(6, flags, isLittleEndian);
  }

  u8(value: number): this {
    this.#view.setUint8(this.#end, value);
    this.#end += 1;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#end, value, isLittleEndian);
    this.#end += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#end, value, isLittleEndian);
    this.#end += 4;
    return this;
  }

  /** Bytes as they are, in a place of `size` bytes. */
  bytes(bytes: Uint8Array, size: number = bytes.length): this {
    this.#bytes.set(bytes, this.#end);
    this.#end += size;
    return this;
  }

  attribute(type: number, payload: Uint8Array): this {
    return this.#attribute(type, payload.length, (start) => {
      this.#bytes.set(payload, start);
    });
  }

  attributeU8(type: number, value: number): this {
    return this.#attribute(type, 1, (start) => {
      this.#view.setUint8(start, value);
    });
  }

  attributeU32(type: number, value: number): this {
    return this.#attribute(type, 4, (start) => {
      this.#view.setUint32(start, value, isLittleEndian);
    });
  }

  /** Text with a closing NUL (NLA_NUL_STRING: names). */
  attributeString(type: number, text: string): this {
    return this.attribute(type, encode(`${text}\0`));
  }

  /** Text without a NUL, which the kernel would keep as part of it (NLA_STRING: kinds and aliases). */
  attributeText(type: number, text: string): this {
    return this.attribute(type, encode(text));
  }

  /** An attribute made of what `fill` writes. rtnetlink expects it without NLA_F_NESTED, as iproute2 sends it. */
  nest(type: number, fill: () => void): this {
    const start = this.#end;
    this.#end += NLA_HDRLEN;
    fill();
    this.#view.setUint16(start, this.#end - start, isLittleEndian);
    this.#view.setUint16(start + 2, type, isLittleEndian);
    return this;
  }

  /** A copy of the message, with its length filled in. Nothing can be written afterwards. */
  finish(): Uint8Array {
    this.#view.setUint32(0, this.#end, isLittleEndian);
    const bytes = this.#bytes;
    const message = bytes.slice(0, this.#end);
    this.#bytes = NONE;
    this.#view = NO_VIEW;
    if (bytes.length === DEFAULT_CAPACITY_BYTES && spare.length < MOST_SPARE) spare.push(bytes.fill(0, 0, this.#end));
    return message;
  }

  #attribute(type: number, length: number, write: (start: number) => void): this {
    this.#view.setUint16(this.#end, NLA_HDRLEN + length, isLittleEndian);
    this.#view.setUint16(this.#end + 2, type, isLittleEndian);
    write(this.#end + NLA_HDRLEN);
    this.#end += NLA_HDRLEN + align(length);
    return this;
  }
}

/** As UTF-8. Names are short and of ASCII: the encoder takes longer to be called than they take to copy. */
function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return encoder.encode(text);
    bytes[index] = code;
  }
  return bytes;
}

/** Rounds up to a multiple of four. Source: linux uapi netlink.h `NLMSG_ALIGN`. */
export function align(length: number): number {
  return (length + 3) & ~3;
}

/** An attribute to write: type, payload (`undefined`: none is written), and whether it is made of attributes. */
export type AttributeEntry = readonly [
  type: number,
  payload: Uint8Array | undefined,
  options?: { readonly isNested?: boolean },
];

/**
 * Attributes one after another, each padded to a multiple of four. Source: linux uapi netlink.h `struct nlattr`.
 *
 * @throws {@link NetlinkError} `EMSGSIZE` for a payload of more than 65,531 bytes
 */
export function encodeAttributes(entries: readonly AttributeEntry[]): Uint8Array {
  const sizeOf = (payload: Uint8Array | undefined): number =>
    payload === undefined ? 0 : NLA_HDRLEN + align(payload.length);
  const bytes = new Uint8Array(entries.reduce((size, [, payload]) => size + sizeOf(payload), 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [type, payload, { isNested = false } = {}] of entries) {
    if (payload === undefined) continue;
    view.setUint16(offset, attributeLength(type, payload), isLittleEndian);
    view.setUint16(offset + 2, isNested ? type | NLA_F_NESTED : type, isLittleEndian);
    bytes.set(payload, offset + NLA_HDRLEN);
    offset += sizeOf(payload);
  }
  return bytes;
}

/** The length is a number of 16 bits. */
function attributeLength(type: number, payload: Uint8Array): number {
  const length = NLA_HDRLEN + payload.length;
  if (length <= 0xffff) return length;
  const reason = `attribute ${type} has ${payload.length} bytes, 65531 fit`;
  throw new NetlinkError({ code: 'EMSGSIZE', errno: 90, operation: 'netlink.encode', subject: '', reason });
}
