/** Constants of linux uapi rtnetlink.h. */

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;

/** Message types. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  SETLINK: 19,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  NEWRULE: 32,
  DELRULE: 33,
  GETRULE: 34,
  NEWQDISC: 36,
  DELQDISC: 37,
  NEWTCLASS: 40,
  DELTCLASS: 41,
  NEWTFILTER: 44,
  DELTFILTER: 45,
  NEWNETCONF: 80,
  DELNETCONF: 81,
  NEWNSID: 88,
  DELNSID: 89,
  GETNSID: 90,
  NEWNEXTHOP: 104,
  DELNEXTHOP: 105,
  GETNEXTHOP: 106,
} as const;

/** Route attributes. */
export const RTA = {
  DST: 1,
  SRC: 2,
  IIF: 3,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  METRICS: 8,
  MULTIPATH: 9,
  FLOW: 11,
  CACHEINFO: 12,
  TABLE: 15,
  MARK: 16,
  MFC_STATS: 17,
  VIA: 18,
  NEWDST: 19,
  PREF: 20,
  ENCAP_TYPE: 21,
  ENCAP: 22,
  EXPIRES: 23,
  PAD: 24,
  UID: 25,
  TTL_PROPAGATE: 26,
  IP_PROTO: 27,
  SPORT: 28,
  DPORT: 29,
  NH_ID: 30,
  FLOWLABEL: 31,
} as const;

/** Within RTA_METRICS. */
export const RTAX = {
  LOCK: 1,
  MTU: 2,
  WINDOW: 3,
  RTT: 4,
  RTTVAR: 5,
  SSTHRESH: 6,
  CWND: 7,
  ADVMSS: 8,
  REORDERING: 9,
  HOPLIMIT: 10,
  INITCWND: 11,
  FEATURES: 12,
  RTO_MIN: 13,
  INITRWND: 14,
  QUICKACK: 15,
  CC_ALGO: 16,
  FASTOPEN_NO_COOKIE: 17,
} as const;

export const RT_TABLE_UNSPEC = 0;
export const RT_TABLE_MAIN = 254;
export const RTPROT_UNSPEC = 0;
export const RTPROT_BOOT = 3;

export const RTM_F_CLONED = 0x200;
/** The answer names the table it comes from. */
export const RTM_F_LOOKUP_TABLE = 0x1000;
/** [4.13] The table entry that matched, not the answer for one address. */
export const RTM_F_FIB_MATCH = 0x2000;

export const RTNH_F_DEAD = 0x1;
export const RTNH_F_ONLINK = 0x4;
export const RTNH_F_OFFLOAD = 0x8;
export const RTNH_F_LINKDOWN = 0x10;

export const ROUTE_SCOPE = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

export const ROUTE_TYPE = {
  unspecified: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;

/** Multicast groups. */
export const RTNLGRP = {
  LINK: 1,
  NEIGH: 3,
  TC: 4,
  IPV4_IFADDR: 5,
  IPV4_ROUTE: 7,
  IPV4_RULE: 8,
  IPV6_IFADDR: 9,
  IPV6_ROUTE: 11,
  IPV6_RULE: 19,
  IPV4_NETCONF: 24,
  IPV6_NETCONF: 25,
  NEXTHOP: 32,
} as const;

/** Attributes of netconf messages. Source: linux uapi netconf.h. */
export const NETCONFA = { IFINDEX: 1, FORWARDING: 2 } as const;

/** What stands for no single link in NETCONFA_IFINDEX, -1 and -2 there. */
export const NETCONFA_IFINDEX_ALL = 0xffffffff;
export const NETCONFA_IFINDEX_DEFAULT = 0xfffffffe;
