import { type NetlinkMessage, attributes, optional, u32, u8 } from '../codec/reader.ts';
import type { NetconfEvent } from '../types/monitor.ts';
import { NETCONFA, NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT } from '../uapi/rtnetlink.ts';
import { familyOf } from './tables.ts';

/** `struct netconfmsg`, one byte, aligned. */
const NETCONFMSG_LENGTH = 4;

/** Decodes RTM_NEWNETCONF and RTM_DELNETCONF; `undefined` for other families than IP. Source: linux uapi netconf.h. */
export function decodeNetconf({ payload }: NetlinkMessage): Omit<NetconfEvent, 'change'> | undefined {
  const found = attributes(payload, NETCONFMSG_LENGTH);
  const family = familyOf(u8(payload));
  const index = optional(found, NETCONFA.IFINDEX, u32);
  if (family === undefined || index === undefined) return undefined;
  const forwarding = optional(found, NETCONFA.FORWARDING, u32);
  return {
    family,
    of: ownerOf(index),
    ...(forwarding === undefined ? {} : { isForwarding: forwarding !== 0 }),
  };
}

function ownerOf(index: number): NetconfEvent['of'] {
  if (index === NETCONFA_IFINDEX_ALL) return 'all';
  return index === NETCONFA_IFINDEX_DEFAULT ? 'default' : index;
}
