/** One thing that is wrong, or worth knowing. */
export interface Problem {
  /** `broken`: containers are cut off. `warning`: they will be, or something is slow. `note`: nothing is wrong. */
  readonly severity: 'broken' | 'warning' | 'note';
  /** The check of `routed-plugin doctor` that found it; absent: the daemon itself says so. */
  readonly check?: string;
  readonly found: string;
  readonly why?: string;
  readonly remedy?: string;
}

/** How far the last examination of the host is. */
export interface Examination {
  readonly state: 'running' | 'done' | 'failed';
  /** When it ended, ISO 8601; absent: not yet. */
  readonly at?: string;
  /** Why it failed. */
  readonly reason?: string;
}

/** A container of a network, for the drawing. */
export interface SampleContainer {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly state: AddressState;
}

/** A network of this host. */
export interface NetworkSummary {
  readonly id: string;
  readonly name: string;
  readonly pools: readonly PoolSummary[];
  readonly endpoints: number;
  readonly announced: number;
  /** Some of its containers, those that need a look first. */
  readonly sample: readonly SampleContainer[];
}

/** A pool of a network. */
export interface PoolSummary {
  readonly prefix: string;
  readonly gateway: string;
  readonly leased: number;
  /** Rounded above 2^53. */
  readonly size: number;
}

/** A block of this host. */
export interface BlockSummary {
  readonly prefix: string;
  /** Absent: no network of this host has it. */
  readonly network?: string;
  readonly leased: number;
  readonly size: number;
  /** Other hosts that announce it, too. */
  readonly rivals: readonly string[];
}

/** A link that leads off the host. */
export interface Uplink {
  readonly name: string;
  readonly isUp: boolean;
  readonly mtuBytes: number;
  /** Bits a second over the last seconds; absent: not measured yet. */
  readonly inBitsPerSec?: number;
  readonly outBitsPerSec?: number;
}

/** A session of a router of this host. */
export interface Neighbor {
  readonly protocol: string;
  readonly neighbor: string;
  readonly link: string;
  readonly state: string;
  readonly isUp: boolean;
  readonly upSec: number;
  /** Prefixes announced to it, and accepted from it; BGP only. */
  readonly sent?: number;
  readonly received?: number;
}

/** How long something takes, from a histogram: the true value is at most the one that is said. */
export interface Latency {
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  readonly meanMs: number;
  /** Bounds that half of them and 99 % are within; null (in the daemon: Infinity): they took longer than the last bound. */
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
}

/** Another host, as its own page tells of it. */
export interface Peer {
  readonly url: string;
  readonly state: 'asking' | 'reachable' | 'unreachable';
  /** Why it is unreachable. */
  readonly reason?: string;
  readonly host?: string;
  readonly version?: string;
  readonly endpoints?: number;
  readonly announced?: number;
  readonly problems?: number;
  /** The prefixes of its blocks and of its pools. */
  readonly blocks?: readonly string[];
  readonly pools?: readonly string[];
}

/** An address that another host announces as well. */
export interface Conflict {
  readonly address: string;
  readonly state: string;
  readonly holders: readonly string[];
  readonly reason: string;
  readonly since: string;
}

/** What the page shows at first, and again when it changes. */
export interface Overview {
  readonly schemaVersion: 1;
  /** Name of the host. */
  readonly host: string;
  readonly version: string;
  /** When the daemon started, ISO 8601. */
  readonly startedAt: string;
  /** The worst first; at most `MOST_PROBLEMS`. */
  readonly problems: readonly Problem[];
  /** How many there are. */
  readonly problemCount: number;
  readonly examination: Examination;
  readonly totals: Totals;
  readonly networks: readonly NetworkSummary[];
  readonly blocks: readonly BlockSummary[];
  readonly conflicts: readonly Conflict[];
  readonly uplinks: readonly Uplink[];
  /** Routing daemons that answer. */
  readonly routers: readonly string[];
  readonly neighbors: readonly Neighbor[];
  readonly latencies: readonly Latency[];
  readonly peers: readonly Peer[];
}

/** Counts of endpoints, each of which is a container on a network. */
export interface Totals {
  readonly networks: number;
  readonly endpoints: number;
  readonly addresses: number;
  readonly announced: number;
  readonly withdrawn: number;
  /** In no container. */
  readonly idle: number;
}

export const MOST_PROBLEMS = 100;

/** Whether other hosts are told of an address: `idle`: it is in no container; `conflict`: another host has it, too. */
export type AddressState = 'announced' | 'withdrawn' | 'idle' | 'conflict';
