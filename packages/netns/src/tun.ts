/**
 * Links whose other end is a program: tun and tap.
 *
 * @packageDocumentation
 */
import { type Check, among, flag, object, optional, text, whole } from './check/check.ts';
import { NETNS } from './check/options.ts';
import { checkArgument } from './check/argument.ts';
import { openTunIn } from './tun/open-tun.ts';
import type { Tun, TunSpec } from './tun/types.ts';
import type { Netns } from './types/netns.ts';

export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export type { Tun, TunMode, TunSpec } from './tun/types.ts';

/** How to open a {@link Tun}. */
export interface TunOptions extends TunSpec {
  /** Where the link is. Default: the current namespace. */
  readonly netns?: Netns;
}

const id = optional(whole(0, 0xffff_fffe));
const OPTIONS: Check<TunOptions> = object<TunOptions>({
  mode: among('tun', 'tap'),
  name: optional(text),
  persistent: optional(flag),
  ownerId: id,
  groupId: id,
  packetInformation: optional(flag),
  multiQueue: optional(flag),
  netns: optional(NETNS),
});

/**
 * Makes a tun or tap link, or attaches to one that exists, by /dev/net/tun: netlink cannot.
 *
 * @throws {@link NetlinkError} `EINVAL`, `EBUSY`, `EPERM`; {@link NetnsError} where there is no /dev/net/tun
 */
export async function openTun(options: TunOptions): Promise<Tun> {
  checkArgument(OPTIONS, options, 'tun.open');
  const { netns, ...spec } = options;
  return openTunIn(netns, spec);
}
