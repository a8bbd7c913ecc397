import { NFGENMSG_LENGTH } from './nfnetlink.ts';
import { RTM } from './rtnetlink.ts';

/** Types of nfnetlink have their subsystem in the high byte; those of rtnetlink have none. */
const FIRST_SUBSYSTEM = 0x100;

/** `struct rtgenmsg`, padded. */
const RTGENMSG_LENGTH = 4;
/** `struct nhmsg`. */
const NHMSG_LENGTH = 8;

/** Bytes of the fixed header (ifinfomsg, ifaddrmsg, rtmsg, ndmsg, fib_rule_hdr, nhmsg, rtgenmsg, nfgenmsg) of a message type. */
export function familyHeaderLength(type: number): number {
  if (type >= FIRST_SUBSYSTEM) return NFGENMSG_LENGTH;
  if (type >= RTM.NEWNSID && type <= RTM.GETNSID) return RTGENMSG_LENGTH;
  if (type >= RTM.NEWNEXTHOP && type <= RTM.GETNEXTHOP) return NHMSG_LENGTH;
  if (type < RTM.NEWADDR) return 16;
  if (type < RTM.NEWROUTE) return 8;
  return 12;
}
