import { MessageWriter, align, isLittleEndian } from '../../src/codec/writer.ts';
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR } from '../../src/uapi/netlink.ts';

export const purpose = { operation: 'test.run', subject: 'it' } as const;

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Hexadecimal text with sequence number zero. */
export function toHex(message: Uint8Array): string {
  const copy = Buffer.from(message);
  copy.writeUInt32LE(0, 8);
  return copy.toString('hex');
}

/** Sets what a socket sets before it sends. */
export function withHeader(
  message: Uint8Array,
  header: { readonly flags?: number; readonly sequence?: number },
): Uint8Array {
  const copy = message.slice();
  const view = new DataView(copy.buffer);
  if (header.flags !== undefined) view.setUint16(6, view.getUint16(6, isLittleEndian) | header.flags, isLittleEndian);
  if (header.sequence !== undefined) view.setUint32(8, header.sequence, isLittleEndian);
  return copy;
}

export function sequenceOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset).getUint32(8, isLittleEndian);
}

export interface AckFields {
  readonly sequence: number;
  readonly errno?: number;
  readonly text?: string;
  readonly offset?: number;
  readonly missing?: number;
}

/** NLMSG_ERROR as the kernel sends it with NETLINK_CAP_ACK and NETLINK_EXT_ACK. */
export function ackMessage({ sequence, errno = 0, text, offset, missing }: AckFields): Uint8Array {
  const hasDetails = text !== undefined || offset !== undefined || missing !== undefined;
  const writer = new MessageWriter(NLMSG_ERROR, NLM_F_CAPPED | (hasDetails ? NLM_F_ACK_TLVS : 0));
  writer.u32(-errno >>> 0);
  writer.u32(16).u16(0).u16(0).u32(sequence).u32(0);
  if (text !== undefined) writer.attributeString(1, text);
  if (offset !== undefined) writer.attributeU32(2, offset);
  if (missing !== undefined) writer.attributeU32(5, missing);
  return withHeader(writer.finish(), { sequence });
}

/** NLMSG_DONE at the end of a dump. */
export function doneMessage(sequence: number, errno = 0, flags = 0): Uint8Array {
  return withHeader(new MessageWriter(NLMSG_DONE, flags | 2).u32(-errno >>> 0).finish(), { sequence });
}

/** Several messages in one datagram. */
export function datagram(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + align(part.length), 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += align(part.length);
  }
  return bytes;
}
