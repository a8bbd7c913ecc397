import { NLMSG_HDRLEN } from '../uapi/netlink.ts';
import { type NetlinkMessage, malformed, u16, u32 } from './reader.ts';
import { align } from './writer.ts';

/**
 * A message where it lies in the datagram: a decoder that reads there needs no view of the payload, which costs more than
 * to decode a route. Valid until the buffer is received into again.
 */
export class Received implements NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  readonly datagram: Uint8Array;
  /** Where the payload starts in the datagram. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;

  /** `offset` is where the message starts, `end` where it ends. */
  constructor(datagram: Uint8Array, offset: number, end: number) {
    this.type = u16(datagram, offset + 4);
    this.flags = u16(datagram, offset + 6);
    this.sequence = u32(datagram, offset + 8);
    this.portId = u32(datagram, offset + 12);
    this.datagram = datagram;
    this.start = offset + NLMSG_HDRLEN;
    this.end = end;
  }

  get payload(): Uint8Array {
    return this.datagram.subarray(this.start, this.end);
  }
}

/**
 * The messages in the first `length` bytes of `datagram`.
 *
 * @throws {@link NetlinkError} `EBADMSG` at a message that does not fit; none is returned then.
 */
export function receivedMessages(datagram: Uint8Array, length: number): Received[] {
  const found: Received[] = [];
  let offset = 0;
  while (offset < length) {
    if (length - offset < NLMSG_HDRLEN) throw malformed('message header cut off');
    const size = u32(datagram, offset);
    if (size < NLMSG_HDRLEN || size > length - offset) throw malformed(`message length ${size}`);
    found.push(new Received(datagram, offset, offset + size));
    offset += align(size);
  }
  return found;
}
