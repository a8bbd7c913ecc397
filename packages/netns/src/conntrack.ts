/**
 * The connections that the kernel tracks, as conntrack(8) has them.
 *
 * @packageDocumentation
 */
import { type Check, object, optional } from './check/check.ts';
import { NETNS, requireOptions } from './check/options.ts';
import type { Conntrack } from './conntrack/types.ts';
import type { Netns } from './types/netns.ts';

export { decodeConnection } from './conntrack/connection.ts';
export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export {
  type AddressMatch,
  buildConnectionDelete,
  buildConnectionDump,
  buildConnectionFlush,
  buildConnectionMark,
  type KernelFilter,
} from './conntrack/messages.ts';
export type {
  Connection,
  ConnectionCounters,
  ConnectionFilter,
  ConnectionStatus,
  ConnectionTuple,
  Conntrack,
  Direction,
  SynProxy,
  TcpInformation,
  TcpState,
} from './conntrack/types.ts';
export {
  CTA,
  CTA_IP,
  CTA_PROTO,
  CTA_PROTOINFO_TCP,
  CTA_PROTOINFO_TCP_STATE,
  CTA_TUPLE,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPS,
  TCP_CONNTRACK,
} from './uapi/conntrack.ts';

/** How to open a {@link Conntrack}. */
export interface ConntrackOptions {
  /** Default: the current namespace. It is pinned as long as the connection is open. */
  readonly netns?: Netns;
}

const OPTIONS: Check<ConntrackOptions> = object<ConntrackOptions>({ netns: optional(NETNS) });

/**
 * Opens a connection to connection tracking.
 *
 * @throws {@link NetnsError} `INVALID_ARGUMENT`, `UNSUPPORTED_PLATFORM`, `NOT_PERMITTED`; `FAILED` on a kernel without
 * nfnetlink
 */
export async function openConntrack(options: ConntrackOptions = {}): Promise<Conntrack> {
  requireOptions(OPTIONS, options, 'conntrack');
  const place = options.netns === undefined ? {} : { netns: options.netns };
  // Who wants the codec alone loads no more than that.
  const [{ KernelConntrack }, { openNetlink }, { openNfnetlink }] = await Promise.all([
    import('./conntrack/kernel-conntrack.ts'),
    import('./netlink.ts'),
    import('./nfnetlink.ts'),
  ]);
  const netlink = await openNetlink({ protocol: 'netfilter', ...place });
  try {
    return new KernelConntrack(netlink, await openNfnetlink(place));
  } catch (error) {
    await netlink.close();
    throw error;
  }
}
