/** What came of one echo request. */
export type EchoOutcome =
  /**
   * @property roundTripMs - to the microsecond
   * @property hopLimit - what is left of the reply's time to live; absent for IPv6
   */
  | { readonly state: 'answered'; readonly roundTripMs: number; readonly hopLimit?: number }
  /** Nothing came in time, not even a word why. */
  | { readonly state: 'silent' }
  /** @property by - the router that says so; absent: this host, which did not send it */
  | { readonly state: 'too big'; readonly mtuBytes: number; readonly by?: string }
  /**
   * @property by - who says so: a router, the target, or an address of this host where the next hop does not answer; absent: this
   * host, which did not send it
   * @property reason - such as `host unreachable`
   */
  | { readonly state: 'refused'; readonly reason: string; readonly by?: string };

/** An echo request. */
export interface EchoRequest {
  /** Of the whole packet, its IP header included: at least 28 with IPv4, 48 with IPv6; at most 65,535. */
  readonly packetBytes: number;
  /** How long an answer is waited for. */
  readonly timeoutMs: number;
}

/** A socket that asks one address whether it is there. */
export interface EchoSocket extends AsyncDisposable {
  /**
   * Sends an echo request, which is never fragmented. Several may be under way.
   *
   * @throws {@link NetlinkError} `CLOSED`; `EINVAL` for a size that there is not
   */
  ask(request: EchoRequest): Promise<EchoOutcome>;
  /** Requests under way end as `silent`. May be repeated. */
  close(): Promise<void>;
}
