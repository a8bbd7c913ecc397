/** Constants of linux uapi fib_rules.h. */

export const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  PRIORITY: 6,
  FWMARK: 10,
  TABLE: 15,
  OIFNAME: 17,
  /** [4.17] */
  PROTOCOL: 21,
} as const;

export const RULE_ACTION = { lookup: 1, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
