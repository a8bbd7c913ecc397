import type { Bits } from '../attributes/format.ts';
import type { Family, UnknownField } from '../types/common.ts';
import type { IPS, TCP_CONNTRACK } from '../uapi/conntrack.ts';

/** The direction of a connection: as its first packet went, or the way back. */
export type Direction = 'original' | 'reply';

/** One direction of a connection, as its packets are when they arrive. */
export interface ConnectionTuple {
  readonly source: string;
  readonly destination: string;
  /** Of protocols with ports; of GRE the keys. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Of ICMP and ICMPv6. */
  readonly icmp?: { readonly id: number; readonly type: number; readonly code: number };
  /** A zone of this direction only. */
  readonly zone?: number;
}

/** What the kernel knows of a connection. Source: linux uapi netfilter/nf_conntrack_common.h `IPS_*`. */
export type ConnectionStatus = Bits<keyof typeof IPS>;

/** Source: linux uapi netfilter/nf_conntrack_tcp.h `enum tcp_conntrack`. */
export type TcpState = keyof typeof TCP_CONNTRACK;

/** What TCP said. */
export interface TcpInformation {
  readonly state?: TcpState;
  readonly originalWindowScale?: number;
  readonly replyWindowScale?: number;
  /** `IP_CT_TCP_FLAG_*` of uapi nf_conntrack_tcp.h. */
  readonly originalFlags?: number;
  readonly replyFlags?: number;
}

/** How the kernel answered for a TCP server. Source: linux uapi nfnetlink_conntrack.h `CTA_SYNPROXY_*`. */
export interface SynProxy {
  readonly sequence?: number;
  readonly timestamp?: number;
  readonly timestampOffset?: number;
}

/** Packets and bytes of one direction. */
export interface ConnectionCounters {
  readonly packets?: bigint;
  readonly bytes?: bigint;
}

/** A connection that the kernel tracks. Source: conntrack(8), linux net/netfilter/nf_conntrack_netlink.c. */
export interface Connection {
  readonly family: Family;
  /** Number of the protocol above IP: 6 is TCP, 17 is UDP. */
  readonly ipProtocol: number;
  readonly original: ConnectionTuple;
  /** The opposite of `original`, unless addresses are translated. */
  readonly reply: ConnectionTuple;
  /**
   * Tells it apart from a later one with the same tuples, unless that one has its place in memory too. Means nothing else.
   * Source: linux nf_conntrack_core.c `nf_ct_get_id`.
   */
  readonly id?: number;
  readonly status?: ConnectionStatus;
  /** Seconds until it is forgotten, unless packets come. */
  readonly timeoutSec?: number;
  readonly mark?: number;
  /** Connections of different zones may have the same tuples. 0 is not reported. */
  readonly zone?: number;
  readonly tcp?: TcpInformation;
  /** Present while `net.netfilter.nf_conntrack_acct` is 1. */
  readonly originalCounters?: ConnectionCounters;
  readonly replyCounters?: ConnectionCounters;
  /** Nanoseconds since 1970, while `net.netfilter.nf_conntrack_timestamp` is 1. */
  readonly startedNs?: bigint;
  readonly synproxy?: SynProxy;
  /** Name of the helper that looks for connections that belong to it. */
  readonly helper?: string;
  readonly unknown?: readonly UnknownField[];
}

/** Narrows {@link Conntrack.list} and the like; all given fields must match. */
export interface ConnectionFilter {
  readonly family?: Family;
  /** Address or prefix of the original direction, and of the reply: with translation they differ. */
  readonly source?: string;
  readonly destination?: string;
  readonly replySource?: string;
  readonly replyDestination?: string;
  readonly ipProtocol?: number;
  /** Of the original direction. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly mark?: number;
  /** The bits of the mark that count. @defaultValue all */
  readonly markMask?: number;
  readonly zone?: number;
  /** Each bit that is given must be as it says. */
  readonly status?: ConnectionStatus;
  readonly tcpState?: TcpState;
}

/**
 * The connections that the kernel tracks in one namespace. Every method rejects with {@link NetlinkError}.
 *
 * A namespace tracks nothing before a rule of its firewall asks for it. Reading needs `CAP_NET_ADMIN` as well.
 */
export interface Conntrack extends AsyncDisposable {
  /**
   * The connections one by one, as they come from the kernel. Those that come or go meanwhile may be among them or not. A loop that ends early ends
   * the dump.
   *
   * The kernel looks for `family`, `mark`, and one IPv4 address; the rest is compared here.
   */
  list(filter?: ConnectionFilter): AsyncIterable<Connection>;
  /** How many there are; without a filter the kernel knows without counting. */
  count(filter?: ConnectionFilter): Promise<number>;
  /**
   * Forgets connections: their next packets are first packets.
   *
   * @returns how many. Without a filter all go at once, and the number is that of a moment before
   */
  flush(filter?: ConnectionFilter): Promise<number>;
  /** Forgets one connection that a list gave; `false`: it is gone. */
  delete(connection: Connection): Promise<boolean>;
  /**
   * Sets bits of the mark of a connection that a list gave; `false`: it is gone.
   *
   * @param mask - the bits to set; the others stay. Default: all
   */
  setMark(connection: Connection, mark: number, mask?: number): Promise<boolean>;
  /** Later calls reject with `CLOSED`. May be repeated. */
  close(): Promise<void>;
}
