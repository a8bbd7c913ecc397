/** Constants of linux uapi netfilter.h and netfilter/nf_tables.h. */

/** Address families of tables. */
export const NFPROTO = { inet: 1, ip: 2, arp: 3, ip6: 10 } as const;

/** Message types, without the subsystem in the high byte. */
export const NFT_MSG = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  GETCHAIN: 4,
  DELCHAIN: 5,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  GETSET: 10,
  DELSET: 11,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
} as const;

/** In messages of every type up to DELSETELEM: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE and so on. */
export const NFTA_ANY_TABLE = 1;
export const NFTA_TABLE_NAME = 1;
export const NFTA_CHAIN_TABLE = 1;
export const NFTA_CHAIN_NAME = 3;
export const NFTA_RULE_TABLE = 1;
export const NFTA_RULE_CHAIN = 2;
export const NFTA_RULE_HANDLE = 3;

export const NFTA_SET_TABLE = 1;
export const NFTA_SET_NAME = 2;
export const NFTA_SET_FLAGS = 3;
export const NFTA_SET_KEY_TYPE = 4;
export const NFTA_SET_KEY_LEN = 5;
export const NFTA_SET_DESC = 9;
export const NFTA_SET_ID = 10;
export const NFTA_SET_TIMEOUT = 11;
export const NFTA_SET_USERDATA = 13;
export const NFTA_SET_EXPR = 17;
export const NFTA_SET_DESC_SIZE = 1;
/** Bits of {@link NFTA_SET_FLAGS}. */
export const NFT_SET = { ANONYMOUS: 0x1, MAP: 0x8, TIMEOUT: 0x10, EVAL: 0x20, OBJECT: 0x40 } as const;

export const NFTA_SET_ELEM_LIST_TABLE = 1;
export const NFTA_SET_ELEM_LIST_SET = 2;
export const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
export const NFTA_LIST_ELEM = 1;
export const NFTA_SET_ELEM_KEY = 1;
/** Milliseconds, 64 bits in network byte order, as {@link NFTA_SET_ELEM_EXPIRATION} and {@link NFTA_SET_TIMEOUT}. */
export const NFTA_SET_ELEM_TIMEOUT = 4;
export const NFTA_SET_ELEM_EXPIRATION = 5;
export const NFTA_SET_ELEM_EXPR = 7;
export const NFTA_SET_ELEM_EXPRESSIONS = 11;
export const NFTA_DATA_VALUE = 1;

export const NFTA_EXPR_NAME = 1;
export const NFTA_EXPR_DATA = 2;
export const NFTA_COUNTER_BYTES = 1;
export const NFTA_COUNTER_PACKETS = 2;

/** linux uapi if.h */
export const IFNAMSIZ = 16;
