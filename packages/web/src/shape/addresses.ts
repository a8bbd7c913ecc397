import type { AddressState } from './overview.ts';

/** An address, and who has it. */
export interface AddressRow {
  readonly address: string;
  readonly container: string;
  readonly network: string;
  readonly state: AddressState;
  /** Why it is announced, or is not. */
  readonly reason: string;
  /** Since when, ISO 8601; absent: since before the daemon started. */
  readonly since?: string;
  /** Limits, in the form of `routed.rate-in`. */
  readonly rateIn?: string;
  readonly rateOut?: string;
  /** Why nobody may open connections to it. */
  readonly closedBy?: string;
}

/** Some of the addresses that were asked for. */
export interface AddressPage {
  /** How many match. */
  readonly total: number;
  readonly offset: number;
  readonly rows: readonly AddressRow[];
}

/** Addresses of other hosts that match. */
export interface PeerMatches {
  readonly peers: readonly {
    readonly url: string;
    readonly host: string;
    readonly total: number;
    readonly rows: readonly AddressRow[];
    /** Why it did not answer. */
    readonly reason?: string;
  }[];
}

/** One thing that happened. */
export interface LoggedEvent {
  readonly at: string;
  readonly kind: string;
  readonly addresses: readonly string[];
  readonly container?: string;
  readonly network?: string;
  readonly detail: string;
}

/** A packet that a filter refused, or only counted. */
export interface Refusal {
  readonly at: string;
  readonly direction: string;
  readonly verdict: string;
  readonly container?: string;
  readonly network?: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port?: number;
  readonly rule: string;
}

/** One station of an address on its way from the lease to other hosts, as `routed-plugin why` shows it. */
export interface Stage {
  readonly name: string;
  readonly state: 'ok' | 'broken' | 'unknown';
  readonly text: string;
}

/** What is known of one address. */
export interface AddressStory {
  readonly address: string;
  readonly container?: string;
  readonly network?: string;
  readonly stages: readonly Stage[];
  /** Of packets through its link since it was made; absent: it has none. */
  readonly traffic?: { readonly inBytes: number; readonly outBytes: number };
  readonly connections?: number;
  /** What happened to it, the oldest first. */
  readonly history: readonly LoggedEvent[];
}

/** How full a prefix is. */
export interface FillMap {
  readonly prefix: string;
  /** The part of it that the cells show: all of it, or the smallest part with every address in use. */
  readonly shown: string;
  /** Addresses in one cell. */
  readonly cellSize: number;
  /** Addresses in use, by cell; those at the end that are empty are left out. */
  readonly used: readonly number[];
  readonly cells: number;
  /** Blocks of this host within it: cells from and up to, the latter included. */
  readonly blocks: readonly { readonly prefix: string; readonly from: number; readonly to: number }[];
}
