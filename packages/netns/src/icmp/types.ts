/**
 * What came of one echo request.
 *
 * - `answered`: `roundTripMs` is to the microsecond, `hopLimit` what is left of the reply's time to live (absent for IPv6);
 * - `silent`: nothing came in time, not even a word why;
 * - `too big`: packets of `mtuBytes` pass, says the router `by`; without one, this host did not send it;
 * - `refused`: `reason` is such as `host unreachable`, `by` a router, the target, or an address of this host where the next hop does not
 *   answer; absent: this host did not send it.
 */
export type EchoOutcome =
  | { readonly state: 'answered'; readonly roundTripMs: number; readonly hopLimit?: number }
  | { readonly state: 'silent' }
  | { readonly state: 'too big'; readonly mtuBytes: number; readonly by?: string }
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
