/** Constants of linux uapi netfilter/nfnetlink.h. */

export const NETLINK_NETFILTER = 12;

export const NFNL_MSG_BATCH_BEGIN = 0x10;
export const NFNL_MSG_BATCH_END = 0x11;

/** Messages of subsystem S have types from S << 8 on. */
export const NFNL_SUBSYS_CTNETLINK = 1;
export const NFNL_SUBSYS_QUEUE = 3;
export const NFNL_SUBSYS_NFTABLES = 10;
export const NFNLGRP_NFTABLES = 7;

/** `struct nfgenmsg`: family, version, resource id. */
export const NFGENMSG_LENGTH = 4;
