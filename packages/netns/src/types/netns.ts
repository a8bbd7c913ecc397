import type { NetnsHandle } from './handles.ts';
import type { Limits, Rtnl, RtnlOptions } from './rtnl.ts';

/**
 * Names a network namespace.
 *
 * `name` is one of `ip netns`, below /run/netns; `path` is a bind-mounted namespace file (/run/docker/netns/..., /run/netns/...) or /proc/PID/ns/net;
 * `pidfd` stays the caller's to close.
 */
export type NetnsReference =
  | 'current'
  | { readonly name: string }
  | { readonly path: string }
  | { readonly pid: number }
  | { readonly pidfd: number };

/**
 * A network namespace, held open; it lives at least as long as this handle.
 *
 * There is no way to run code inside it, on purpose: see the page on threads in the README.
 */
export interface Netns extends NetnsHandle, AsyncDisposable {
  /** A connection bound to this namespace; it outlives the handle. */
  openRtnl(options?: RtnlOptions): Promise<Rtnl>;
  /**
   * Reads a sysctl below `net` as this namespace sees it, without the newline at the end.
   *
   * @param key - `net.ipv4.ip_forward`, or with slashes: `net/ipv4/conf/eth0.100/forwarding`. The first separator
   * counts: use slashes where an interface name contains dots (sysctl(8)).
   * @param limits - for how long; some wait for the kernel's RTNL lock
   * @throws {@link NetnsError} `NOT_FOUND`, `INVALID_ARGUMENT`, `NOT_PERMITTED`; `ABORTED`, `ETIMEDOUT` beyond the limits
   */
  readSysctl(key: string, limits?: Limits): Promise<string>;
  /**
   * Writes a sysctl below `net`; key and errors as for {@link Netns.readSysctl}. What was begun before it was aborted is
   * done all the same.
   */
  writeSysctl(key: string, value: string, limits?: Limits): Promise<void>;
  /** Lets go of the namespace once requests that use the handle are done. May be repeated. */
  close(): Promise<void>;
}
