import type { Spoofing } from '@routed/datapath';

/** A prefix that endpoints of a network take addresses from. */
export interface NetworkPrefix {
  readonly poolId: string;
  readonly family: 4 | 6;
  /** Canonical, as IPAM gave it out. */
  readonly prefix: string;
}

/** One prefix of a network and the next hop of the containers that take their address from it. */
export interface NetworkPool extends NetworkPrefix {
  /** The containers' default gateway: a bare address. */
  readonly gateway: string;
}

/** What this host does when another one announces the address of one of its containers as well. */
export type ConflictPolicy = 'keep' | 'yield';

/** A Docker network of ours: what CreateNetwork asked for. Docker never repeats that call. */
export interface Network {
  readonly id: string;
  readonly pools: readonly NetworkPool[];
  /** Prefixes that only additional addresses come from; other networks may share them. */
  readonly prefixes: readonly NetworkPrefix[];
  /** Who may open connections to containers that say nothing themselves, in the form of `routed.ingress`. */
  readonly ingress?: string;
  /** Whether containers that say nothing themselves may send from addresses that they do not have. */
  readonly spoof: Spoofing;
  /** MTU of the network's links in bytes; absent: the daemon's. */
  readonly mtuBytes?: number;
  /** Whether other hosts may have the addresses of its containers, too; absent: they may not. */
  readonly isAnycast?: boolean;
  /** Absent: keep. */
  readonly onConflict?: ConflictPolicy;
  /** Whether Docker may not have heard that it was made; absent: it has. */
  readonly isUnanswered?: boolean;
}

/** A network before its prefixes are pools. */
export type NewNetwork = Omit<Network, 'prefixes'> & { readonly prefixes: readonly string[] };
