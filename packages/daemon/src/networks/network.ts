/** One prefix of a network and the next hop of the containers that take their address from it. */
export interface NetworkPool {
  readonly poolId: string;
  readonly family: 4 | 6;
  /** Canonical, as IPAM gave it out. */
  readonly prefix: string;
  /** The containers' default gateway: a bare address. */
  readonly gateway: string;
}

/** A Docker network of ours: what CreateNetwork asked for. Docker never repeats that call. */
export interface Network {
  readonly id: string;
  readonly pools: readonly NetworkPool[];
  readonly mtuBytes: number;
}
