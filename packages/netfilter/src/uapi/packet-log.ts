/** Constants of linux uapi netfilter/nfnetlink_log.h, unless another source is named. */

/** Source: linux uapi nfnetlink.h. */
export const NFNL_SUBSYS_ULOG = 4;

/** Message types, without the subsystem in the high byte. */
export const NFULNL_MSG = { PACKET: 0, CONFIG: 1 } as const;

export const NFULA_PACKET_HDR = 1;
export const NFULA_MARK = 2;
export const NFULA_TIMESTAMP = 3;
export const NFULA_IFINDEX_INDEV = 4;
export const NFULA_IFINDEX_OUTDEV = 5;
export const NFULA_PAYLOAD = 9;
export const NFULA_PREFIX = 10;
export const NFULA_SEQ = 12;

export const NFULA_CFG_CMD = 1;
export const NFULA_CFG_MODE = 2;
/** Hundredths of a second that messages may wait for others before they are sent together. */
export const NFULA_CFG_TIMEOUT = 4;
/** So many are sent without waiting longer. */
export const NFULA_CFG_QTHRESH = 5;
export const NFULA_CFG_FLAGS = 6;

export const NFULNL_CFG_CMD_BIND = 1;
export const NFULNL_COPY_PACKET = 2;
/** Numbers the packets of the group. */
export const NFULNL_CFG_F_SEQ = 1;
