/**
 * Echo requests (ping), sent from any network namespace.
 *
 * @packageDocumentation
 */
import { checkArgument } from './check/argument.ts';
import { type Check, object, optional, text } from './check/check.ts';
import { NETNS } from './check/options.ts';
import { openEchoIn } from './icmp/open-echo.ts';
import type { EchoSocket } from './icmp/types.ts';
import type { Netns } from './types/netns.ts';

export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export type { EchoOutcome, EchoRequest, EchoSocket } from './icmp/types.ts';

/** How to open an {@link EchoSocket}. */
export interface EchoOptions {
  /** Whom it asks: an address, without a zone. */
  readonly address: string;
  /** Where the requests come from. Default: the current namespace. */
  readonly netns?: Netns;
}

const OPTIONS: Check<EchoOptions> = object<EchoOptions>({ address: text, netns: optional(NETNS) });

/**
 * Opens a socket that asks one address. It keeps its namespace until it is closed.
 *
 * @throws {@link NetlinkError} `EPERM` without `CAP_NET_RAW`; `ENETUNREACH`, `EHOSTUNREACH`, `EACCES`, `EINVAL` as the route says
 */
export async function openEcho(options: EchoOptions): Promise<EchoSocket> {
  checkArgument(OPTIONS, options, 'icmp.open');
  const { netns, address } = options;
  return openEchoIn(netns, address);
}
