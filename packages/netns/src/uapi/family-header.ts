import { RTM } from './rtnetlink.ts';

/** Bytes of the fixed header (ifinfomsg, ifaddrmsg, rtmsg, ndmsg, fib_rule_hdr) of a message type. */
export function familyHeaderLength(type: number): number {
  if (type < RTM.NEWADDR) return 16;
  if (type < RTM.NEWROUTE) return 8;
  return 12;
}
