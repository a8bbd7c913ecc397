import type { UnknownField } from '../types/common.ts';
import type { LinkSelector } from '../types/link.ts';

/** Where a peer is reached. */
export interface Endpoint {
  /** IPv4 or IPv6; the kernel knows no host names. */
  readonly address: string;
  readonly port: number;
  /** Link of a link-local IPv6 address, by index. */
  readonly scopeIndex?: number;
}

/** A peer to add, to change or to remove; what is absent stays as it is. */
export interface PeerChange {
  /** 32 bytes in base64, as wg(8) has them. */
  readonly publicKey: string;
  /** 32 bytes in base64; all zero: none. */
  readonly presharedKey?: string;
  readonly endpoint?: Endpoint;
  /** Seconds between packets that keep a way through NAT open, 1 to 65535; 0: none are sent. */
  readonly keepaliveSec?: number;
  /** All that the peer may send from and is sent to. A prefix that another peer has moves to this one. */
  readonly allowedPrefixes?: readonly string[];
  /** Prefixes besides those that it has. */
  readonly moreAllowedPrefixes?: readonly string[];
  /** The peer is changed if there is one, and not added. */
  readonly updateOnly?: boolean;
  readonly remove?: boolean;
}

/** What to change of a link; what is absent stays as it is. */
export interface WireguardChange {
  /** 32 bytes in base64; all zero: none, and nothing is sent. */
  readonly privateKey?: string;
  /** UDP port, 1 to 65535; 0: the kernel chooses one. */
  readonly listenPort?: number;
  /** Firewall mark of the packets that it sends; 0: none. */
  readonly mark?: number;
  readonly peers?: readonly PeerChange[];
  /** The given peers are the only ones. */
  readonly replacePeers?: boolean;
}

/** A peer as the kernel reports it. */
export interface Peer {
  readonly publicKey: string;
  readonly presharedKey?: string;
  readonly endpoint?: Endpoint;
  readonly keepaliveSec?: number;
  readonly allowedPrefixes: readonly string[];
  /** Milliseconds since 1970; absent before the first handshake. */
  readonly lastHandshakeMs?: number;
  readonly rxBytes?: bigint;
  readonly txBytes?: bigint;
  readonly protocolVersion?: number;
  readonly unknown?: readonly UnknownField[];
}

/** A WireGuard link as the kernel reports it. */
export interface WireguardDevice {
  readonly index: number;
  readonly name: string;
  readonly privateKey?: string;
  readonly publicKey?: string;
  /** 0 before the link is up for the first time. */
  readonly listenPort: number;
  /** Absent: none. */
  readonly mark?: number;
  readonly peers: readonly Peer[];
  readonly unknown?: readonly UnknownField[];
}

/** WireGuard links of one namespace. `links.create` makes them. Every method rejects with {@link NetlinkError}. */
export interface Wireguard extends AsyncDisposable {
  /** The link with its keys and peers; `undefined`: there is none of that name or index. @throws `EOPNOTSUPP`: it is of another kind */
  get(selector: LinkSelector): Promise<WireguardDevice | undefined>;
  /**
   * Changes keys, port and peers.
   *
   * The kernel takes 64 KiB at once: of more peers, or of one with thousands of prefixes, some are in force before the others, and stay so if a
   * later one is refused.
   * @throws {@link NetlinkError} `ENODEV`; `EOPNOTSUPP`: the link is of another kind, or the kernel has no WireGuard
   */
  set(selector: LinkSelector, change: WireguardChange): Promise<void>;
  /** Later calls reject with `CLOSED`. May be repeated. */
  close(): Promise<void>;
}
