import type { NetlinkMessage } from '../codec/reader.ts';
import type { NetlinkError } from '../errors.ts';
import type { NetlinkMonitor, NetlinkMonitorEvents } from '../netlink/contract.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Netns } from '../types/netns.ts';

/**
 * A connection to netfilter's netlink family in one namespace.
 *
 * It knows batches and dumps, and nothing of what the messages say. They are made with {@link MessageWriter}.
 * Everything rejects with {@link NetlinkError}: `CLOSED` after {@link Nfnetlink.close}.
 */
export interface Nfnetlink extends AsyncDisposable {
  /** The port of its socket, which notifications of what it changed carry; undefined before its first answer. */
  readonly portId?: number | undefined;
  /**
   * Has all messages applied together, or none. Nothing is sent for an empty list. Transactions wait for each other.
   *
   * @param subsystem - number of the subsystem that all messages belong to, such as 10 for nf_tables
   * @throws {@link NetlinkError} what the kernel says of the first message that it refuses.
   * Source: linux net/netfilter/nfnetlink.c `nfnetlink_rcv_batch`.
   */
  transaction(subsystem: number, messages: readonly Uint8Array[], purpose: Purpose): Promise<void>;
  /**
   * Sends a dump request and decodes every row; `undefined` rows are left out.
   *
   * @throws {@link NetlinkError} `EINTR` when the tables do not stop changing.
   */
  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<T[]>;
  /**
   * Sends messages that are no transaction, for subsystems that know none, such as conntrack: in order, and those that fail do
   * not stop the rest.
   *
   * @returns the errors of those that failed; none when all were done
   */
  each(messages: readonly Uint8Array[], purpose: Purpose): Promise<readonly NetlinkError[]>;
  /** Waits for what was asked for before. May be repeated. */
  close(): Promise<void>;
}

/** How to open a connection, or a monitor. */
export interface NfnetlinkOptions {
  /** Default: the current namespace. It is pinned as long as the connection is open. */
  readonly netns?: Netns;
}

/** Events of an {@link NfnetlinkMonitor} and what their listeners get. */
export type NfnetlinkMonitorEvents = NetlinkMonitorEvents;

/** Reports what netfilter says to a multicast group, undecoded. */
export type NfnetlinkMonitor = NetlinkMonitor;
