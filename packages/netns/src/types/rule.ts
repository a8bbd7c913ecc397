import type { Family, Id64, Listed, UnknownField } from './common.ts';

/** What a matching packet meets. Source: linux uapi fib_rules.h `FR_ACT_*`. */
export type RuleAction = 'lookup' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit';

/** Numbers from `first` to `last`, both included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** Which packets a policy-routing rule is about, and what it does with what it finds; an absent field matches any. */
export interface RuleMatch {
  /** The rule is about the packets that the other fields do not match (`not`). */
  readonly isInverted?: boolean;
  /** CIDR of the source. */
  readonly source?: string;
  /** CIDR of the destination. */
  readonly destination?: string;
  readonly inputLink?: string;
  readonly outputLink?: string;
  /** Firewall mark. */
  readonly mark?: number;
  /** Bits of the mark that are compared; absent: all. */
  readonly markMask?: number;
  /** Users whose sockets sent the packet. */
  readonly uidRange?: NumberRange;
  /** Protocol number: 6 is TCP, 17 UDP. */
  readonly ipProtocol?: number;
  readonly sourcePorts?: NumberRange;
  readonly destinationPorts?: NumberRange;
  /** Bits of the port that are compared, for a range of one port; absent: all. Kernel 6.15. */
  readonly sourcePortMask?: number;
  /** As {@link RuleMatch.sourcePortMask}. */
  readonly destinationPortMask?: number;
  /** The byte of the header, 0 to 255. */
  readonly typeOfService?: number;
  /** 0 to 63. Kernel 6.12. */
  readonly dscp?: number;
  /** Bits of {@link RuleMatch.dscp} that are compared; absent: all. Kernel 6.15. */
  readonly dscpMask?: number;
  /** IPv6, 20 bits. Kernel 6.14. */
  readonly flowLabel?: number;
  /** Bits of {@link RuleMatch.flowLabel} that are compared; absent: all. */
  readonly flowLabelMask?: number;
  readonly tunnelId?: Id64;
  /** The table is that of the VRF of the packet's link. */
  readonly isL3mdev?: boolean;
  /** IPv4 routing realms. */
  readonly realms?: number;
  /** A route found whose prefix is no longer than this does not count. 0 leaves out default routes. */
  readonly suppressPrefixLength?: number;
  /** A route found whose link is in this group does not count. */
  readonly suppressGroup?: number;
  /** Priority of the rule to go on with; for action `goto`. */
  readonly gotoPriority?: number;
}

/**
 * A policy-routing rule to install; to delete one, only the given fields are compared, and of those never
 * {@link RuleMatch.isInverted}: the kernel does not look at it.
 */
export interface RuleSpec extends RuleMatch {
  readonly family: Family;
  /** Lower is asked first; the kernel picks one below the lowest when absent. */
  readonly priority?: number;
  /** Table to look up; required for action `lookup` unless {@link RuleMatch.isL3mdev}. */
  readonly table?: number;
  /** Default `lookup`. */
  readonly action?: RuleAction;
  /** Who installed it, as for routes (`FRA_PROTOCOL`). */
  readonly protocol?: number;
}

/**
 * A policy-routing rule as the kernel reports it. Source: linux uapi fib_rules.h.
 *
 * Nothing of it is left out: what this library cannot name is in {@link Rule.unknown}, and such a rule may match more,
 * less or other packets than its fields say.
 */
export interface Rule extends RuleMatch {
  readonly family: Family;
  readonly priority: number;
  readonly table: number;
  /** `other`: an action this library does not name; its number is in {@link Rule.unknown}. */
  readonly action: RuleAction | 'other';
  readonly protocol: number;
  /** Present when the rule is about a link, or goes to a rule, that is not there now: it matches nothing. */
  readonly isInactive?: boolean;
  readonly unknown?: readonly UnknownField[];
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
  list(filter?: RuleFilter): Promise<Listed<Rule>>;
}
