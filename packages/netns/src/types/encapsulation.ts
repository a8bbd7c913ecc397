import type { Id64 } from './common.ts';

/** Pushes labels. Source: linux uapi mpls_iptunnel.h. */
export interface MplsEncapsulation {
  readonly kind: 'mpls';
  /** The outermost first, each 0 to 1048575. */
  readonly labels: readonly number[];
  /** Of the outermost label; absent: that of the packet. */
  readonly ttl?: number;
}

/** What tells a tunnel link in external mode (`external`) how to wrap. Source: linux uapi lwtunnel.h `LWTUNNEL_IP_*`. */
export interface IpEncapsulation {
  /** Of the outer header: IPv4 or IPv6. */
  readonly kind: 'ip' | 'ip6';
  /** Key or network identifier of the tunnel, 64 bits. */
  readonly id?: Id64;
  readonly source?: string;
  readonly destination?: string;
  /** `hoplimit` of IPv6; 0: that of the link. */
  readonly ttl?: number;
  /** `tc` of IPv6. */
  readonly tos?: number;
}

/** Sends along a list of segments (SRv6). Source: linux uapi seg6_iptunnel.h; RFC 8754. */
export interface Seg6Encapsulation {
  readonly kind: 'seg6';
  /** What becomes of the packet: a header within it, or a packet around it. */
  readonly mode: 'inline' | 'encap' | 'l2encap' | 'encap.red' | 'l2encap.red';
  /** In the order of travel; of `inline` without the destination of the packet. */
  readonly segments: readonly string[];
}

/** What a route wraps its packets in (`encap` of `ip route`). */
export type RouteEncapsulation = MplsEncapsulation | IpEncapsulation | Seg6Encapsulation;
