import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_HDRLEN } from '../uapi/netlink.ts';
import { NLMSGERR_ATTR_MISS_TYPE, NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS } from '../uapi/netlink.ts';
import { type NetlinkMessage, attributes, optional, text, u32 } from './reader.ts';
import { align } from './writer.ts';

/** What NLMSG_ERROR, or NLMSG_DONE at the end of a dump, says. */
export interface Ack {
  /** Positive errno; 0: done. */
  readonly errno: number;
  readonly message?: string;
  /** Byte in the request, header included, where the attribute at fault starts. */
  readonly attributeOffset?: number;
  /** Type of a required attribute that the request lacks. */
  readonly missingAttribute?: number;
}

/**
 * Decodes an acknowledgement and its extended part.
 *
 * Source: linux uapi netlink.h `struct nlmsgerr`, `enum nlmsgerr_attrs`; for NLMSG_DONE docs userspace-api/netlink/intro.
 */
export function decodeAck(reply: NetlinkMessage): Ack {
  const { payload } = reply;
  if (reply.type === NLMSG_DONE && payload.length < 4) return { errno: 0 };
  // Sent as a negative number; zero stays plus zero.
  const errno = Math.abs(u32(payload) | 0);
  if ((reply.flags & NLM_F_ACK_TLVS) === 0) return { errno };

  const found = attributes(payload, startOfAttributes(reply));
  const message = optional(found, NLMSGERR_ATTR_MSG, text);
  const attributeOffset = optional(found, NLMSGERR_ATTR_OFFS, u32);
  const missingAttribute = optional(found, NLMSGERR_ATTR_MISS_TYPE, u32);
  return {
    errno,
    ...(message !== undefined && { message }),
    ...(attributeOffset !== undefined && { attributeOffset }),
    ...(missingAttribute !== undefined && { missingAttribute }),
  };
}

function startOfAttributes(reply: NetlinkMessage): number {
  if (reply.type === NLMSG_DONE) return 4;
  if ((reply.flags & NLM_F_CAPPED) !== 0) return 4 + NLMSG_HDRLEN;
  return 4 + align(u32(reply.payload, 4));
}
