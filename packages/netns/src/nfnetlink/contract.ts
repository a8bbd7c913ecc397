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

/** Events of an {@link NfnetlinkPort} and what their listeners get. */
export interface NfnetlinkPortEvents {
  /** All messages of one datagram that answer no request. Their payloads are views, valid until the listener returns. */
  readonly messages: [readonly NetlinkMessage[]];
  /** Messages were lost, as there was no room for them; later ones still arrive. */
  readonly overrun: [];
  /** The socket failed for good and was closed. */
  readonly error: [NetlinkError];
}

/**
 * One socket of netfilter's netlink family that the kernel sends messages to, and whose owner answers them: the kernel hands
 * what was bound to a socket to that socket alone, and takes answers from no other.
 *
 * It keeps the process alive until `close` or `unref`, and itself while it is open.
 */
export interface NfnetlinkPort extends AsyncDisposable {
  on<Name extends keyof NfnetlinkPortEvents>(event: Name, listener: (...data: NfnetlinkPortEvents[Name]) => void): this;
  /**
   * Sends one message and waits for its acknowledgement.
   *
   * @throws {@link NetlinkError} what the kernel says; `CLOSED`
   */
  request(message: Uint8Array, purpose: Purpose): Promise<void>;
  /**
   * Hands messages to the kernel in one system call, on the event loop, and asks for no acknowledgement. The kernel acts on them
   * before this returns. Nothing is sent for none.
   *
   * @throws {@link NetlinkError} when the system call fails; `CLOSED`
   */
  send(messages: readonly Uint8Array[], purpose: Purpose): void;
  /** Lets the process end although the port is open. */
  unref(): this;
  /** No event is reported after the call; requests under way reject with `CLOSED`. May be repeated. */
  close(): Promise<void>;
}

/** How to open an {@link NfnetlinkPort}. */
export interface NfnetlinkPortOptions extends NfnetlinkOptions {
  /** Room for messages that wait to be read; beyond it comes an `overrun`. @defaultValue 4 MiB */
  readonly receiveBufferBytes?: number;
}
