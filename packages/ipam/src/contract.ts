/**
 * A range of addresses leases are taken from. Its id is derived from its content, so it means the same in every life
 * of the program.
 */
export interface Pool {
  /** `<address space>/<prefix>` or `<address space>/<prefix>/<sub-pool>`. */
  readonly id: string;
  readonly addressSpace: string;
  readonly family: 4 | 6;
  /** Canonical text, host bits masked: `10.1.0.0/16`. */
  readonly prefix: string;
  /** The part of the prefix automatic allocation keeps to; absent: all of it. Canonical text. */
  readonly subPool?: string;
  /** Who has claimed the pool for itself; absent: nobody. */
  readonly owner?: string;
  /** Who shares the pool, in the order they came: see {@link PoolRequest.user}. Absent: nobody is counted. */
  readonly users?: readonly string[];
}

/** A prefix that is on a link of this host. */
export interface ConnectedPrefix {
  readonly prefix: string;
  /** What an operator knows it by, such as `eth1`. */
  readonly description: string;
}

/** What {@link Ipam.requestPool} needs. */
export interface PoolRequest {
  /** Pools of different address spaces never conflict. Not empty, no `/`. */
  readonly addressSpace: string;
  /** Host bits may be set; they are masked. */
  readonly prefix: string;
  /** Keeps automatic allocation to this part of `prefix`; explicit addresses may lie anywhere in `prefix`. */
  readonly subPool?: string;
  /**
   * Refuses a pool that is there already, with `POOL_IN_USE`. Without this and `user`, and until one claims it, all who ask for the same
   * content share one pool, and the first to release it takes it from the others.
   */
  readonly isExclusive?: boolean;
  /**
   * Counts this user of a shared pool, such as a network's id: the pool stays until each has released it. The same user counts once, so
   * that a request may be repeated. Requests without a user are refused from then on. Not empty.
   */
  readonly user?: string;
  /** Prefixes the pool must not overlap because traffic to them leaves by a link. Default: none. */
  readonly connectedPrefixes?: readonly ConnectedPrefix[];
}

/**
 * What an address is for. Two leases never share an address, whatever their purposes.
 *
 * `endpoint`: the address of an endpoint. `additional`: a further one, that goes with its endpoint. `sticky`: one that
 * stays its holder's while that has no endpoint. `gateway`: a next hop. `auxiliary`: kept from everybody.
 */
export type LeasePurpose = 'endpoint' | 'additional' | 'sticky' | 'gateway' | 'auxiliary';

/** An address that is given out. */
export interface Lease {
  readonly poolId: string;
  /** Canonical text without prefix length. */
  readonly address: string;
  readonly purpose: LeasePurpose;
  /** Free text that says who uses the address, for people and for {@link Ipam.requestAddress} called again. */
  readonly holder?: string;
}

/** Names a lease. */
export interface LeaseKey {
  readonly poolId: string;
  readonly address: string;
}

/** What {@link Ipam.requestAddress} needs. */
export interface AddressRequest {
  readonly poolId: string;
  /** The address wanted; absent: any free one. */
  readonly address?: string;
  readonly purpose: LeasePurpose;
  readonly holder?: string;
  /**
   * Says whether a free address is in use somewhere this library cannot see, such as on another host. Asked only in
   * automatic allocation, for a bounded number of addresses, while other requests for the same prefix wait.
   */
  readonly isTaken?: (address: string) => Promise<boolean>;
  /**
   * Keeps automatic allocation to these parts of the pool, in this order; absent: all of it. Each is searched from its beginning, or
   * from after the last address given out. Its first address is left out where it has more than two.
   */
  readonly within?: readonly string[];
}

/** What {@link Ipam.freeBlock} needs. */
export interface BlockRequest {
  readonly poolId: string;
  /** Prefix length of the block. */
  readonly length: number;
  /** Prefixes that no block may overlap; those outside of the pool do not matter. */
  readonly taken: readonly string[];
}

/** How full a pool is. */
export interface PoolUsage {
  /** Addresses automatic allocation can choose from. */
  readonly size: bigint;
  /** All leases of the pool. More than `size` when a full pool also has explicit leases outside its sub-pool. */
  readonly leased: number;
}

/**
 * Pools and leases. Every change is in the store before it is visible here; when the store fails, its error is thrown
 * and nothing has changed. Requests for the same prefix are served one at a time, in order; others in parallel.
 */
export interface Ipam {
  /**
   * Opens a pool. The same content again returns the same pool as long as nobody has claimed it.
   * @throws {@link IpamError} `INVALID_ADDRESS_SPACE`, `INVALID_PREFIX`, `INVALID_USER`, `RESERVED_PREFIX`, `POOL_IN_USE`,
   * `POOL_OVERLAP`, `CONNECTED_OVERLAP`
   */
  requestPool(request: PoolRequest): Promise<Pool>;
  /**
   * Forgets the pool, its claim and all its leases; with a `user`, once the last one has released it. Leases of a user that goes before
   * are the caller's to release.
   *
   * @returns false when the pool is not known, or has no such user
   * @throws {@link IpamError} `POOL_IN_USE` without a user, while there are some
   */
  releasePool(poolId: string, user?: string): Promise<boolean>;
  /**
   * Reserves the pool for `owner`, such as `network 3f2a…`; repeated by the same owner it does nothing.
   * @throws {@link IpamError} `UNKNOWN_POOL`; `POOL_IN_USE` when somebody else has claimed it, or users share it
   */
  claimPool(poolId: string, owner: string): Promise<void>;
  /**
   * Gives a claim back. Does nothing when the pool is unknown or not claimed.
   * @throws {@link IpamError} `POOL_IN_USE` when somebody else has claimed it
   */
  unclaimPool(poolId: string, owner: string): Promise<void>;
  /**
   * Leases an address. A pool that is not known is opened again from its id, since callers keep ids for years.
   * An explicit request repeated by the same holder for the same purpose returns the lease it has.
   *
   * Without `address`, a gateway gets the lowest free address; everybody else gets the next free one after the last
   * one given out, so that a released address rests for as long as possible.
   * @throws {@link IpamError} `UNKNOWN_POOL` (not a pool id), `POOL_OVERLAP` (opening again), `INVALID_ADDRESS`,
   * `OUTSIDE_POOL`, `ADDRESS_RESERVED`, `ADDRESS_IN_USE`, `POOL_EXHAUSTED`, `CANDIDATES_TAKEN`
   */
  requestAddress(request: AddressRequest): Promise<Lease>;
  /**
   * A part of the pool that overlaps nothing taken, where automatic allocation may choose: the first one from a place derived from the
   * host's identity. Nothing is kept of it. Undefined: there is none.
   * @throws {@link IpamError} `UNKNOWN_POOL`, `INVALID_PREFIX`
   */
  freeBlock(request: BlockRequest): string | undefined;
  /**
   * Ends a lease. False: there was none, or the pool is not known.
   * @throws {@link IpamError} `INVALID_ADDRESS`
   */
  releaseAddress(request: LeaseKey): Promise<boolean>;
  /**
   * Gives a lease that there is another purpose and holder.
   * @throws {@link IpamError} `UNKNOWN_POOL`, `INVALID_ADDRESS`, `ADDRESS_NOT_LEASED`
   */
  reassignAddress(lease: Lease): Promise<void>;
  pool(poolId: string): Pool | undefined;
  pools(): readonly Pool[];
  /**
   * The pools with exactly this prefix, in `addressSpace` or, without it, in all of them. More than one when they
   * have different sub-pools.
   * @throws {@link IpamError} `INVALID_PREFIX`
   */
  findPools(prefix: string, addressSpace?: string): readonly Pool[];
  /** @throws {@link IpamError} `INVALID_ADDRESS` */
  lease(poolId: string, address: string): Lease | undefined;
  /** The leases of a pool in no particular order, none for an unknown pool. Follows changes made meanwhile. */
  leases(poolId: string): Iterable<Lease>;
  /** @throws {@link IpamError} `UNKNOWN_POOL` */
  usage(poolId: string): PoolUsage;
}
