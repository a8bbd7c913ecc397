import type { Family, Listed, RouteScope, UnknownField } from './common.ts';
import type { RouteEncapsulation } from './encapsulation.ts';

/** What a route does with a packet. Source: linux uapi rtnetlink.h `RTN_*`. */
export type RouteType =
  'unicast' | 'local' | 'broadcast' | 'anycast' | 'multicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw';

/** One of several ways out of a new route. */
export interface NextHopSpec {
  readonly linkIndex?: number;
  /** May be of the other family. */
  readonly gateway?: string;
  /** Relative share of the traffic, 1 to 256. @defaultValue 1 */
  readonly weight?: number;
  /** The gateway is on the link although no route says so. */
  readonly onLink?: boolean;
  readonly encapsulation?: RouteEncapsulation;
}

/** A route to install; to delete one, only the given fields are compared, and of those never what {@link NewRoute} adds. */
export interface RouteSpec {
  /**
   * CIDR without host bits, or `default`, whose family is that of the gateway or source.
   * An address without prefix length means /32 or /128.
   */
  readonly destination: string;
  readonly linkIndex?: number;
  /** May be of the other family (IPv4 over an IPv6 next hop, RFC 5549; kernel 5.2). */
  readonly gateway?: string;
  /** Who installed it (`rtm_protocol`, 0 to 255). Default 3, `boot`, as `ip` does. */
  readonly protocol?: number;
  /** Default: `link` without a gateway, `host` for type local, else `universe`; IPv6 has `universe` only. */
  readonly scope?: RouteScope;
  /** Default 254, `main`. */
  readonly table?: number;
  /** Lower wins. Default 0 for IPv4; the kernel makes it 1024 for IPv6. */
  readonly metric?: number;
  /** Default `unicast`. */
  readonly type?: 'unicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'local' | 'throw';
  /** Preferred source address of packets sent along it. */
  readonly source?: string;
  /** The gateway is on the link although no route says so. */
  readonly onLink?: boolean;
}

/** A route to install. */
export interface NewRoute extends RouteSpec {
  /**
   * Several ways out (ECMP), in place of a link and gateway; 2 to 1000, and 31,000 bytes in a message: the kernel takes more,
   * and then lists neither the route nor those after it.
   */
  readonly nextHops?: readonly NextHopSpec[];
  /** The next-hop object to refer to, in place of a link and gateway; 1 to 4294967295. Kernel 5.3. */
  readonly nextHopId?: number;
  /** Largest packet sent along it; absent: that of the link. */
  readonly mtuBytes?: number;
  /** Largest TCP segment announced for it (`advmss`). */
  readonly maxSegmentBytes?: number;
  /** Router preference (RFC 4191, IPv6). @defaultValue medium */
  readonly preference?: 'high' | 'low';
  /** What its packets are wrapped in; with several next hops each has its own. Sent on its own in a batch. */
  readonly encapsulation?: RouteEncapsulation;
}

/** One way out of a route. */
export interface NextHop {
  readonly linkIndex?: number;
  readonly gateway?: string;
  /** 1 for the only one; relative share of the traffic among several. */
  readonly weight: number;
  /** Of one among several, when there is anything to say. */
  readonly flags?: RouteFlags;
  readonly encapsulation?: RouteEncapsulation;
  /** What one among several says besides. */
  readonly unknown?: readonly UnknownField[];
}

/** State bits of a route. Source: linux uapi rtnetlink.h `RTNH_F_*`. */
export interface RouteFlags {
  readonly isDead: boolean;
  readonly isLinkDown: boolean;
  readonly isOnLink: boolean;
  readonly isOffloaded: boolean;
}

/**
 * A route as the kernel reports it. Source: linux uapi rtnetlink.h `struct rtmsg`.
 *
 * Nothing of it is left out: what this library cannot name is in {@link Route.unknown}, and such a route may do something
 * else than its fields say.
 */
export interface Route {
  /** CIDR in canonical text; a default route is `0.0.0.0/0` or `::/0`. */
  readonly destination: string;
  readonly family: Family;
  /** Of the only next hop; absent when there are several (see {@link Route.nextHops}) or none. */
  readonly linkIndex?: number;
  readonly gateway?: string;
  readonly protocol: number;
  readonly scope: RouteScope;
  readonly table: number;
  readonly metric?: number;
  readonly type: RouteType;
  readonly source?: string;
  /** For packets from this prefix only (IPv6, `from`); CIDR. */
  readonly sourcePrefix?: string;
  /** For packets with this byte in their header only (IPv4, `tos`). */
  readonly typeOfService?: number;
  /** Largest packet; absent: that of the link. */
  readonly mtuBytes?: number;
  /** Largest TCP segment announced for it (`advmss`). */
  readonly maxSegmentBytes?: number;
  /** The next-hop object it refers to. */
  readonly nextHopId?: number;
  /** Router preference (RFC 4191), when it is not medium. */
  readonly preference?: 'high' | 'low';
  /** When it goes by itself, counted from the report; absent: never. */
  readonly expiresInSec?: number;
  /** What packets are wrapped in. Of an event of a monitor it is in `unknown`: `RTA_ENCAP_TYPE`, `RTA_ENCAP`. */
  readonly encapsulation?: RouteEncapsulation;
  /** One entry for an ordinary route, several for multipath, none for blackhole and its kin. */
  readonly nextHops: readonly NextHop[];
  readonly flags: RouteFlags;
  readonly unknown?: readonly UnknownField[];
}

/** Narrows {@link Routes.list}; the kernel does the filtering. */
export interface RouteFilter {
  readonly family?: Family;
  readonly table?: number;
  readonly protocol?: number;
  /** Matches routes with this link among their next hops. */
  readonly linkIndex?: number;
}

/** How a route is looked up. */
export interface RouteQuery {
  /** Whether the answer is the entry of the table that matched; absent: it describes the address alone. */
  readonly exact?: boolean;
  /** The firewall mark of the packet, which rules of policy routing may ask for, 0 to 4294967295; absent: 0. */
  readonly mark?: number;
}

/** The routing tables of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Routes {
  /** @throws {@link NetlinkError} `EEXIST`; `ENETUNREACH` when the gateway or link is not usable; `ENODEV`. */
  add(spec: NewRoute): Promise<void>;
  /** Adds, or replaces the route with the same destination, table and metric; twice the same does nothing. */
  replace(spec: NewRoute): Promise<void>;
  /** Removes the first route that matches all given fields; `false`: none does. */
  delete(spec: RouteSpec): Promise<boolean>;
  /**
   * The way a packet to `address` takes, or `undefined` when the destination is unreachable.
   *
   * The answer describes that one address (`10.0.0.7/32`); with `exact` it is the table entry that
   * matched (`10.0.0.0/24`). A destination without a prefix length only.
   * @throws {@link NetlinkError} `EINVAL` for a blackhole, `EACCES` for prohibit.
   * Source: linux uapi rtnetlink.h `RTM_F_FIB_MATCH`.
   */
  get(address: string, options?: RouteQuery): Promise<Route | undefined>;
  /** Of all tables unless narrowed. Empty for a table or link that does not exist. */
  list(filter?: RouteFilter): Promise<Listed<Route>>;
}
