import type { NetlinkMessage } from '../codec/reader.ts';
import type { NetlinkError } from '../errors.ts';
import type { Netns } from '../types/netns.ts';
import type { Limits } from '../types/rtnl.ts';

/**
 * A family of netlink, by name or by its number in linux uapi netlink.h (`NETLINK_SOCK_DIAG` is 4).
 *
 * `route`: links, addresses, routes, traffic control. `netfilter`: nftables, conntrack. `generic`: what has no number of its
 * own, such as WireGuard, ethtool and nl80211.
 */
export type NetlinkProtocol = 'route' | 'netfilter' | 'generic' | number;

/** How to open a {@link Netlink}. */
export interface NetlinkOptions {
  readonly protocol: NetlinkProtocol;
  /** Default: the current namespace. It is pinned as long as the connection is open. */
  readonly netns?: Netns;
}

/** A message to the kernel. Nothing of it is interpreted. */
export interface NetlinkRequest {
  /** `RTM_NEWLINK`, or the id of a generic family, 0 to 65535. */
  readonly type: number;
  /** `NLM_F_CREATE` and the like; those that make it a request, an acknowledged one or a dump are added. */
  readonly flags?: number;
  /** The fixed header of the message type, such as `struct ifinfomsg`. */
  readonly header?: Uint8Array;
  /** What {@link AttributeSet.encode} or {@link encodeAttributes} made. */
  readonly attributes?: Uint8Array;
  /** What errors call it. @defaultValue `netlink.request` */
  readonly operation?: string;
  /** What errors say that it is about. @defaultValue the type */
  readonly subject?: string;
}

/**
 * A connection to one family of netlink in one network namespace.
 *
 * It knows messages, acknowledgements and dumps, and not what they say. Requests wait for no other; they never block the
 * event loop. Everything rejects with {@link NetlinkError}.
 */
export interface Netlink extends AsyncDisposable {
  /**
   * Sends one message and waits until the kernel has done what it says.
   *
   * @param limits - for how long; what the kernel has been told, it does all the same
   * @returns what the kernel answered besides the acknowledgement; it may be kept
   * @throws {@link NetlinkError} `ABORTED` or `ETIMEDOUT` beyond the limits
   */
  request(request: NetlinkRequest, limits?: Limits): Promise<readonly NetlinkMessage[]>;
  /**
   * The rows of a dump as they come; each may be kept. Nothing is sent before the first is asked for, and a loop that ends
   * early ends the dump. Other requests may be made meanwhile.
   *
   * @param limits - for the whole of it, from the first row on
   * @throws {@link NetlinkError} `EINTR` after the last row when the table changed while it was read: rows may be missing
   * or there twice; `ABORTED` or `ETIMEDOUT` beyond the limits
   */
  dump(request: NetlinkRequest, limits?: Limits): AsyncIterable<NetlinkMessage>;
  /** Later calls reject with `CLOSED`; what is under way goes on to its end. May be repeated. */
  close(): Promise<void>;
}

/** What to listen for. */
export interface NetlinkMonitorOptions extends NetlinkOptions {
  /** Numbers of multicast groups, 1 and more: `RTNLGRP_LINK`, or of {@link GenericFamily.groups}. */
  readonly groups: readonly number[];
  /** Room for messages that wait to be read; beyond it comes an `overrun`. @defaultValue 4 MiB */
  readonly receiveBufferBytes?: number;
  /** Closes the monitor when it is aborted; opening it rejects with {@link NetlinkError} `ABORTED` if it is already. */
  readonly signal?: AbortSignal;
}

/** Events of a {@link NetlinkMonitor} and what their listeners get. */
export interface NetlinkMonitorEvents {
  /** The message may be kept. */
  readonly message: [NetlinkMessage];
  /** Messages were lost; later ones still arrive. */
  readonly overrun: [];
  /** The socket failed for good; the monitor is deaf and should be opened again. */
  readonly error: [NetlinkError];
}

/**
 * Reports what the kernel says to multicast groups, undecoded.
 *
 * It keeps the process alive until `close` or `unref`, and itself while it is open.
 */
export interface NetlinkMonitor extends AsyncDisposable {
  on<Name extends keyof NetlinkMonitorEvents>(
    event: Name,
    listener: (...data: NetlinkMonitorEvents[Name]) => void,
  ): this;
  /** Lets the process end although the monitor is open. */
  unref(): this;
  /** No event is reported after the call. May be repeated. */
  close(): Promise<void>;
}
