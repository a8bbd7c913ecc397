import type { Family, Listed, UnknownField } from './common.ts';

/** State of a neighbour entry. Source: linux uapi neighbour.h `NUD_*`. */
export type NeighbourState =
  'none' | 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed' | 'noarp' | 'permanent';

/** An ARP or NDP entry as the kernel reports it. Source: linux uapi neighbour.h. */
export interface Neighbour {
  readonly linkIndex: number;
  readonly family: Family;
  /** Without prefix length. */
  readonly address: string;
  /** Absent for proxy entries and while it is not known. */
  readonly mac?: string;
  readonly state: NeighbourState;
  readonly isPermanent: boolean;
  /** This host answers for the address on the link. */
  readonly isProxy: boolean;
  /** The neighbour said it is a router (NDP). */
  readonly isRouter: boolean;
  /** `NDA_PROTOCOL`, who put it there. */
  readonly protocol?: number;
  /** What this library cannot name. */
  readonly unknown?: readonly UnknownField[];
}

/** A neighbour entry to install. */
export interface NeighbourSpec {
  readonly linkIndex: number;
  readonly address: string;
  /** Required unless {@link NeighbourSpec.isProxy}. */
  readonly mac?: string;
  /** Default true; false: reachable now, ages like a learnt one. */
  readonly isPermanent?: boolean;
  /** Answer ARP or NDP for the address on this link. */
  readonly isProxy?: boolean;
  readonly protocol?: number;
}

/** Narrows {@link Neighbours.list}. */
export interface NeighbourFilter {
  readonly linkIndex?: number;
  readonly family?: Family;
  /** True: proxy entries. Default: ordinary ones (the kernel keeps two tables). */
  readonly isProxy?: boolean;
}

/** The neighbour tables of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Neighbours {
  /** @throws {@link NetlinkError} `EEXIST` (the kernel accepts a repeated proxy entry). */
  add(spec: NeighbourSpec): Promise<void>;
  replace(spec: NeighbourSpec): Promise<void>;
  /**
   * Makes the kernel ask on the link who has an address that it has no entry for, as if something was to be sent there;
   * nothing is sent but the question. An entry that is there is no longer permanent then. {@link list} shows the answer: `reachable` with its MAC address, else `incomplete` and,
   * seconds later, `failed`. Source: linux net/core/neighbour.c neigh_add, `NTF_USE`.
   */
  resolve(spec: { readonly linkIndex: number; readonly address: string }): Promise<void>;
  /** `false`: there is no such entry, or no such link. */
  delete(spec: { readonly linkIndex: number; readonly address: string; readonly isProxy?: boolean }): Promise<boolean>;
  list(filter?: NeighbourFilter): Promise<Listed<Neighbour>>;
}
