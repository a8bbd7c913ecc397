/** Constants of linux uapi netfilter/nfnetlink_conntrack.h. */

/** Message types, without the subsystem in the high byte. */
export const IPCTNL_MSG_CT = { GET: 1, DELETE: 2 } as const;

export const CTA_TUPLE_ORIG = 1;
export const CTA_TUPLE_REPLY = 2;
export const CTA_ID = 12;
export const CTA_ZONE = 18;
export const CTA_FILTER = 25;

export const CTA_TUPLE_IP = 1;
export const CTA_TUPLE_PROTO = 2;

/** Source and destination of a tuple, by family. */
export const CTA_IP = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;

export const CTA_PROTO_NUM = 1;
export const CTA_PROTO_SRC_PORT = 2;
export const CTA_PROTO_DST_PORT = 3;

/** Which fields of which tuple a filter is about. */
export const CTA_FILTER_FLAGS = { orig: 1, reply: 2 } as const;

/** Source: linux net/netfilter/nf_internals.h `CTA_FILTER_F_CTA_IP_SRC`. */
export const FILTER_BY_SOURCE = 1;

/** linux uapi socket.h */
export const ADDRESS_FAMILY = { 4: 2, 6: 10 } as const;
