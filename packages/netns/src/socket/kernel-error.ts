import type { Ack } from '../codec/ack.ts';
import { u16 } from '../codec/reader.ts';
import { align } from '../codec/writer.ts';
import { NetlinkError } from '../errors.ts';
import { errnoName, errnoText } from '../sys/errno.ts';
import { NLA_HDRLEN, NLA_TYPE_MASK, NLMSG_HDRLEN } from '../uapi/netlink.ts';
import { familyHeaderLength } from '../uapi/family-header.ts';
import type { Purpose } from './channel.ts';

/** The error for a request that the kernel refused, with its words and the name of the attribute at fault. */
export function kernelError(ack: Ack, purpose: Purpose, request: Uint8Array): NetlinkError {
  const type = ack.missingAttribute ?? attributeAt(request, ack.attributeOffset, purpose.headerBytes);
  const attribute = type === undefined ? undefined : (purpose.attributeName?.(type) ?? `attribute ${type}`);
  return new NetlinkError({
    code: errnoName(ack.errno),
    errno: ack.errno,
    operation: purpose.operation,
    subject: purpose.subject,
    ...(ack.message === undefined ? { reason: errnoText(ack.errno) } : { kernelMessage: ack.message }),
    ...(attribute !== undefined && { attribute }),
  });
}

/** The error for a system call that failed. */
export function systemError(errno: number, purpose: Purpose, call: string): NetlinkError {
  const { operation, subject } = purpose;
  return new NetlinkError({
    code: errnoName(errno),
    errno,
    operation,
    subject,
    reason: `${call} failed: ${errnoText(errno)}`,
  });
}

/** Type of the outermost attribute of `request` that contains byte `offset`. */
function attributeAt(
  request: Uint8Array,
  offset: number | undefined,
  headerBytes: number = familyHeaderLength(u16(request, 4)),
): number | undefined {
  if (offset === undefined) return undefined;
  let start = NLMSG_HDRLEN + headerBytes;
  while (start + NLA_HDRLEN <= request.length) {
    const next = start + align(Math.max(NLA_HDRLEN, u16(request, start)));
    if (offset >= start && offset < next) return u16(request, start + 2) & NLA_TYPE_MASK;
    start = next;
  }
  return undefined;
}
