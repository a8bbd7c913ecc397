import type { Family } from './common.ts';

/** What a matching packet meets. Source: linux uapi fib_rules.h `FR_ACT_*`. */
export type RuleAction = 'lookup' | 'blackhole' | 'unreachable' | 'prohibit';

/** A policy-routing rule to install; to delete one, only the given fields are compared. */
export interface RuleSpec {
  readonly family: Family;
  /** Lower is asked first; the kernel picks one below the lowest when absent. */
  readonly priority?: number;
  /** CIDR of the source; absent: any. */
  readonly source?: string;
  /** CIDR of the destination; absent: any. */
  readonly destination?: string;
  /** Table to look up; required for action `lookup`. */
  readonly table?: number;
  /** Default `lookup`. */
  readonly action?: RuleAction;
  readonly inputLink?: string;
  readonly outputLink?: string;
  /** Firewall mark, compared in full. */
  readonly mark?: number;
  /** Who installed it, as for routes (`FRA_PROTOCOL`). */
  readonly protocol?: number;
}

/** A policy-routing rule as the kernel reports it. Source: linux uapi fib_rules.h. */
export interface Rule {
  readonly family: Family;
  readonly priority: number;
  readonly source?: string;
  readonly destination?: string;
  readonly table: number;
  /** `other`: an action this library does not name (goto, nop). */
  readonly action: RuleAction | 'other';
  readonly inputLink?: string;
  readonly outputLink?: string;
  readonly mark?: number;
  readonly protocol: number;
}

/** Narrows {@link Rules.list}. */
export interface RuleFilter {
  readonly family?: Family;
  readonly table?: number;
  readonly protocol?: number;
}

/** The policy-routing rules of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Rules {
  /** @throws {@link NetlinkError} `EEXIST` when the very same rule, priority included, is there. */
  add(spec: RuleSpec): Promise<void>;
  /** Removes the first rule that matches all given fields; `false`: none does. */
  delete(spec: RuleSpec): Promise<boolean>;
  list(filter?: RuleFilter): Promise<Rule[]>;
}
