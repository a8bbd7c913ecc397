/** Constants of linux uapi netfilter/nfnetlink_queue.h, unless another source is named. */

/** Message types, without the subsystem in the high byte. */
export const NFQNL_MSG = { PACKET: 0, VERDICT: 1, CONFIG: 2 } as const;

export const NFQA_PACKET_HDR = 1;
export const NFQA_VERDICT_HDR = 2;
export const NFQA_MARK = 3;
export const NFQA_IFINDEX_INDEV = 5;
export const NFQA_IFINDEX_OUTDEV = 6;
export const NFQA_PAYLOAD = 10;
export const NFQA_CAP_LEN = 13;

export const NFQA_CFG_CMD = 1;
export const NFQA_CFG_PARAMS = 2;
export const NFQA_CFG_QUEUE_MAXLEN = 3;

export const NFQNL_CFG_CMD_BIND = 1;
export const NFQNL_COPY_PACKET = 2;

/** Source: linux uapi netfilter.h `NF_DROP`, `NF_ACCEPT`. */
export const NF_VERDICT = { drop: 0, accept: 1 } as const;

/** Names of hooks, by number. Source: linux uapi netfilter.h `enum nf_inet_hooks`. */
export const HOOKS = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;

/** ETH_P_IP, ETH_P_IPV6. Source: linux uapi if_ether.h. */
export const FAMILY_OF_ETHERTYPE: Readonly<Record<number, 4 | 6>> = { 0x0800: 4, 0x86dd: 6 };
