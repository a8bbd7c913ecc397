/** An address and the pool that it was leased from. */
export interface LeasedAddress {
  readonly family: 4 | 6;
  /** Bare, canonical. */
  readonly address: string;
  readonly poolId: string;
  /** Whether other hosts may have it, too; absent: they may not. */
  readonly isAnycast?: boolean | undefined;
  /** The block of this host that other hosts reach it by: it has no announcement of its own. Absent: none. */
  readonly block?: string | undefined;
}

/** An address of an endpoint beside those that Docker knows of. */
export interface AdditionalAddress extends LeasedAddress {
  /** Whether it stays the container's when this endpoint goes: Docker makes a new one at every start. */
  readonly isSticky: boolean;
}
