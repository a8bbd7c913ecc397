/** Constants of linux uapi in.h, in6.h, icmp.h, icmpv6.h and errqueue.h. */

export const IPPROTO_IP = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ICMPV6 = 58;

export const IP_MTU_DISCOVER = 10;
export const IP_RECVERR = 11;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_RECVERR = 25;
/** Never fragment; a packet beyond the known MTU of the path is refused. Of IPv6 the same number. */
export const IP_PMTUDISC_DO = 2;

export const ICMP_ECHOREPLY = 0;
export const ICMP_DEST_UNREACH = 3;
export const ICMP_ECHO = 8;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMPV6_DEST_UNREACH = 1;
export const ICMPV6_PKT_TOOBIG = 2;
export const ICMPV6_TIME_EXCEED = 3;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;

export const MSG_ERRQUEUE = 0x2000;
export const SO_EE_ORIGIN_LOCAL = 1;
