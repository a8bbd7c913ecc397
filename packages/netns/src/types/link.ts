import type { NetnsHandle } from './handles.ts';

/** Picks one link, by its name now or by its index; indexes survive a rename, names do not. */
export type LinkSelector = { readonly name: string } | { readonly index: number };

/** A network device as the kernel reports it. Source: linux uapi if_link.h. */
export interface Link {
  /** Unique in its namespace until the next boot of that namespace. */
  readonly index: number;
  readonly name: string;
  /** `veth`, `dummy`, `bridge`...; absent for devices without rtnl_link_ops (most hardware, loopback). */
  readonly kind?: string;
  /** Link-layer address in lower case, `02:42:0a:00:00:07`; absent when the device has none. */
  readonly mac?: string;
  readonly mtuBytes: number;
  /** Length of the transmit queue in packets. */
  readonly txQueueLength: number;
  /** Administratively up (`IFF_UP`). */
  readonly isUp: boolean;
  /** Operational: up, and the other side is too (`IFF_LOWER_UP`). */
  readonly hasCarrier: boolean;
  /**
   * Ready (`IFF_RUNNING`): has carrier, and the kernel has acted on it; what is sent before that is dropped. A link whose
   * carrier comes is ready a moment later. Source: linux docs networking/operstates.
   */
  readonly isRunning: boolean;
  readonly isLoopback: boolean;
  /** Free text of up to 255 bytes; marks whose link it is. */
  readonly alias?: string;
  /** Device group; 0 is the default one. */
  readonly group: number;
  /** `IFLA_LINK`: the other end of a veth, the lower device of a vlan or macvlan. */
  readonly peerIndex?: number;
  /** `IFLA_LINK_NETNSID`: present when {@link Link.peerIndex} belongs to another namespace. */
  readonly peerNetnsId?: number;
  /** The bridge, bond or vrf this link is a port of. */
  readonly masterIndex?: number;
}

/**
 * Per-link IPv4 settings, as in /proc/sys/net/ipv4/conf/LINK, set by netlink in one message.
 *
 * Absent fields stay as they are. Source: linux uapi ip.h `IPV4_DEVCONF_*`, docs networking/ip-sysctl.
 */
export interface Ipv4LinkConf {
  readonly forwarding?: boolean;
  readonly acceptRedirects?: boolean;
  readonly secureRedirects?: boolean;
  readonly sendRedirects?: boolean;
  readonly proxyArp?: boolean;
  /** Proxy ARP back out of the same link (RFC 3069). */
  readonly proxyArpPvlan?: boolean;
  /** 0 off, 1 strict, 2 loose (RFC 3704). */
  readonly rpFilter?: 0 | 1 | 2;
  readonly arpFilter?: boolean;
  readonly arpAnnounce?: number;
  readonly arpIgnore?: number;
  readonly arpAccept?: boolean;
  readonly arpNotify?: boolean;
  readonly acceptLocal?: boolean;
  readonly routeLocalnet?: boolean;
  readonly logMartians?: boolean;
}

/** How the kernel makes the IPv6 link-local address; `none` leaves the link without one. */
export type Ipv6AddressGeneration = 'eui64' | 'none';

/** A new link of a simple kind. */
export interface LinkSpec {
  /** 1 to 15 bytes, no `/`, no space. */
  readonly name: string;
  /** Left to the driver when absent. */
  readonly mtuBytes?: number;
  /** Length of the transmit queue in packets; left to the driver when absent. */
  readonly txQueueLength?: number;
  /** Made up by the kernel when absent. */
  readonly mac?: string;
  readonly alias?: string;
  /** The link is in it from its creation on; left at 0 when absent. */
  readonly group?: number;
  readonly isUp?: boolean;
}

/** The far end of a new veth pair. */
export interface VethPeerSpec {
  readonly name: string;
  readonly mtuBytes?: number;
  readonly txQueueLength?: number;
  readonly mac?: string;
  /**
   * Namespace the peer is born in; absent: beside the first end. Creating it there saves the
   * 15 ms and more of moving it there later, which waits for the kernel's RCU grace periods.
   */
  readonly netns?: NetnsHandle;
}

/** A new veth pair: this end, and the peer. */
export interface VethSpec extends LinkSpec {
  readonly ipv4Conf?: Ipv4LinkConf;
  readonly ipv6AddressGeneration?: Ipv6AddressGeneration;
  readonly peer: VethPeerSpec;
}

/** What to change on a link; absent fields stay as they are. */
export interface LinkChange {
  readonly isUp?: boolean;
  readonly mtuBytes?: number;
  readonly mac?: string;
  /** The new name. */
  readonly name?: string;
  /** The empty string removes the alias. */
  readonly alias?: string;
  readonly group?: number;
  /** Moves the link. Slow (RCU grace periods, 15 ms and more), and addresses and routes are lost. */
  readonly netns?: NetnsHandle;
  /** Index of the bridge, bond or vrf to join; 0 leaves the present one. */
  readonly masterIndex?: number;
  readonly txQueueLength?: number;
  readonly ipv4Conf?: Ipv4LinkConf;
  /** Taken after `isUp` in the same message: on a link that has carrier, set it while the link is down. */
  readonly ipv6AddressGeneration?: Ipv6AddressGeneration;
}

/** Narrows {@link Links.list}; all given fields must match. */
export interface LinkFilter {
  readonly kind?: string;
  readonly group?: number;
  readonly masterIndex?: number;
}
