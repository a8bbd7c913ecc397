/** What CreateEndpoint asked for. Docker does not repeat it in Join. */
export interface Endpoint {
  readonly id: string;
  readonly networkId: string;
  readonly addresses: readonly EndpointAddress[];
  readonly mac: string;
  /** The container's sandbox, from Join to Leave. */
  readonly sandboxKey?: string;
}

/** An address of an endpoint and the pool that it was leased from. */
export interface EndpointAddress {
  readonly family: 4 | 6;
  /** Bare, canonical. */
  readonly address: string;
  readonly poolId: string;
  readonly gateway: string;
}
