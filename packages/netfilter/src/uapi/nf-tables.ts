/** Constants of linux uapi netfilter.h and netfilter/nf_tables.h. */

/** Address families of tables. */
export const NFPROTO = { inet: 1, ip: 2, arp: 3, ip6: 10 } as const;

/** Message types, without the subsystem in the high byte. */
export const NFT_MSG = {
  DELTABLE: 2,
  DELCHAIN: 5,
  DELRULE: 8,
  DELSET: 11,
} as const;

export const NFTA_TABLE_NAME = 1;
export const NFTA_CHAIN_TABLE = 1;
export const NFTA_CHAIN_NAME = 3;
export const NFTA_RULE_TABLE = 1;
export const NFTA_RULE_CHAIN = 2;
export const NFTA_SET_TABLE = 1;
