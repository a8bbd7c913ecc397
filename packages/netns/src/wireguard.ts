/**
 * WireGuard links: keys and peers, as wg(8) has them.
 *
 * @packageDocumentation
 */
import { type Check, object, optional } from './check/check.ts';
import { NETNS, requireOptions } from './check/options.ts';
import { openNetlink } from './netlink.ts';
import type { Netns } from './types/netns.ts';
import { KernelWireguard } from './wireguard/kernel-wireguard.ts';
import type { Wireguard } from './wireguard/types.ts';

export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export { generatePrivateKey, publicKeyOf } from './wireguard/keys.ts';
export type { Endpoint, Peer, PeerChange, Wireguard, WireguardChange, WireguardDevice } from './wireguard/types.ts';

/** How to open a {@link Wireguard}. */
export interface WireguardOptions {
  /** Default: the current namespace. It is pinned as long as the connection is open. */
  readonly netns?: Netns;
}

const OPTIONS: Check<WireguardOptions> = object<WireguardOptions>({ netns: optional(NETNS) });

/**
 * Opens a connection for WireGuard.
 *
 * @throws {@link NetnsError} `INVALID_ARGUMENT`, `UNSUPPORTED_PLATFORM`, `NOT_PERMITTED`
 */
export async function openWireguard(options: WireguardOptions = {}): Promise<Wireguard> {
  requireOptions(OPTIONS, options, 'wireguard');
  const { netns } = options;
  return new KernelWireguard(await openNetlink({ protocol: 'generic', ...(netns !== undefined && { netns }) }));
}
