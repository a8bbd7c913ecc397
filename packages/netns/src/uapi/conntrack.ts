/** Constants of linux uapi netfilter/nfnetlink_conntrack.h, unless another source is named. */

/** Message types, without the subsystem in the high byte. */
export const IPCTNL_MSG_CT = { NEW: 0, GET: 1, DELETE: 2, GET_STATS: 5 } as const;

/** Attributes of a connection. */
export const CTA = {
  TUPLE_ORIG: 1,
  TUPLE_REPLY: 2,
  STATUS: 3,
  PROTOINFO: 4,
  HELP: 5,
  TIMEOUT: 7,
  MARK: 8,
  COUNTERS_ORIG: 9,
  COUNTERS_REPLY: 10,
  USE: 11,
  ID: 12,
  TUPLE_MASTER: 14,
  SEQ_ADJ_ORIG: 15,
  SEQ_ADJ_REPLY: 16,
  ZONE: 18,
  SECCTX: 19,
  TIMESTAMP: 20,
  MARK_MASK: 21,
  LABELS: 22,
  SYNPROXY: 24,
  FILTER: 25,
} as const;

/** Attributes of a tuple. */
export const CTA_TUPLE = { IP: 1, PROTO: 2, ZONE: 3 } as const;

/** Source and destination of a tuple, by family. */
export const CTA_IP = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;

/** Attributes of the protocol of a tuple. */
export const CTA_PROTO = {
  NUM: 1,
  SRC_PORT: 2,
  DST_PORT: 3,
  ICMP_ID: 4,
  ICMP_TYPE: 5,
  ICMP_CODE: 6,
  ICMPV6_ID: 7,
  ICMPV6_TYPE: 8,
  ICMPV6_CODE: 9,
} as const;

export const CTA_PROTOINFO_TCP = 1;
export const CTA_PROTOINFO_TCP_STATE = 1;

/** Bits of CTA_STATUS, by name. Source: linux uapi netfilter/nf_conntrack_common.h `enum ip_conntrack_status`. */
export const IPS = {
  expected: 0x1,
  seenReply: 0x2,
  assured: 0x4,
  confirmed: 0x8,
  sourceNat: 0x10,
  destinationNat: 0x20,
  sequenceAdjusted: 0x40,
  sourceNatDone: 0x80,
  destinationNatDone: 0x100,
  dying: 0x200,
  fixedTimeout: 0x400,
  template: 0x800,
  untracked: 0x1000,
  helper: 0x2000,
  offloaded: 0x4000,
  offloadedToHardware: 0x8000,
} as const;

/** States of TCP, by name. Source: linux uapi netfilter/nf_conntrack_tcp.h `enum tcp_conntrack`. */
export const TCP_CONNTRACK = {
  none: 0,
  'syn-sent': 1,
  'syn-received': 2,
  established: 3,
  'fin-wait': 4,
  'close-wait': 5,
  'last-ack': 6,
  'time-wait': 7,
  close: 8,
  'syn-sent2': 9,
} as const;

/** Source: linux uapi in.h, in6.h */
export const IPPROTO_ICMP = 1;
export const IPPROTO_ICMPV6 = 58;

/** Which fields of which tuple a filter is about. */
export const CTA_FILTER_FLAGS = { original: 1, reply: 2 } as const;

/** Source: linux net/netfilter/nf_internals.h `CTA_FILTER_F_CTA_IP_*`. */
export const CTA_FILTER_IP = { source: 1, destination: 2 } as const;

/** Attributes of the counters of a namespace. */
export const CTA_STATS_GLOBAL = { ENTRIES: 1, MAX_ENTRIES: 2 } as const;
