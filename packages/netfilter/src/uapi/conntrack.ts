/** Constants of linux uapi netfilter/nfnetlink_conntrack.h, unless another source is named. */

/** Message types, without the subsystem in the high byte. */
export const IPCTNL_MSG_CT = { NEW: 0, GET: 1, DELETE: 2 } as const;

export const CTA_TUPLE_ORIG = 1;
export const CTA_TUPLE_REPLY = 2;
export const CTA_STATUS = 3;
export const CTA_PROTOINFO = 4;
export const CTA_MARK = 8;
export const CTA_ID = 12;
export const CTA_ZONE = 18;
export const CTA_MARK_MASK = 21;
export const CTA_FILTER = 25;

export const CTA_TUPLE_IP = 1;
export const CTA_TUPLE_PROTO = 2;

/** Source and destination of a tuple, by family. */
export const CTA_IP = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;

export const CTA_PROTO_NUM = 1;
export const CTA_PROTO_SRC_PORT = 2;
export const CTA_PROTO_DST_PORT = 3;

export const CTA_PROTOINFO_TCP = 1;
export const CTA_PROTOINFO_TCP_STATE = 1;

/** Bits of CTA_STATUS. Source: linux uapi netfilter/nf_conntrack_common.h `ip_conntrack_status`. */
export const IPS_SEEN_REPLY = 2;
export const IPS_ASSURED = 4;

/** Source: linux uapi netfilter/nf_conntrack_tcp.h `enum tcp_conntrack`. */
export const TCP_CONNTRACK = {
  SYN_SENT: 1,
  SYN_RECV: 2,
  ESTABLISHED: 3,
  FIN_WAIT: 4,
  CLOSE_WAIT: 5,
  LAST_ACK: 6,
  TIME_WAIT: 7,
  CLOSE: 8,
  SYN_SENT2: 9,
} as const;

/** Source: linux uapi in.h, in6.h */
export const IPPROTO_ICMP = 1;
export const IPPROTO_ICMPV6 = 58;

/** Which fields of which tuple a filter is about. */
export const CTA_FILTER_FLAGS = { orig: 1, reply: 2 } as const;

/** Source: linux net/netfilter/nf_internals.h `CTA_FILTER_F_CTA_IP_SRC`. */
export const FILTER_BY_SOURCE = 1;

/** linux uapi socket.h */
export const ADDRESS_FAMILY = { 4: 2, 6: 10 } as const;
