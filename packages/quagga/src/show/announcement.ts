import type { Way } from './competing-route.ts';

/** What one routing daemon tells others of an address. */
export interface Announcement {
  readonly daemon: 'ospfd' | 'ospf6d' | 'bgpd';
  /** Whether it announces the address. */
  readonly isOurs: boolean;
  /** How many routers hear it. */
  readonly neighbors: number;
}

/** What the routing daemons of this host tell others of an address. */
export interface Announcements {
  /** Routing daemons that answer: `zebra`, `ospfd`… */
  readonly daemons: readonly string[];
  /** Whether zebra has the host's route. */
  readonly isKnown: boolean;
  /** The daemons that announce the address. */
  readonly announcedBy: readonly string[];
  /** How many routers hear them. */
  readonly neighbors: number;
}

/** A router that announces a prefix, as this host heard of it. */
export interface Announcer {
  /** As the kernel's routes name it: `ospf`, `bgp`. */
  readonly protocol: string;
  readonly isThisHost: boolean;
  /** Router id. Absent: the protocol does not say it, as BGP of a router behind another AS. */
  readonly router?: string;
  /** BGP: the AS in which the path begins; absent for one inside our own AS. */
  readonly as?: number;
  /** Its name, where the router knows it: of a BGP neighbor with FRR's hostname capability. */
  readonly host?: string;
  /** BGP: the neighbor that told of it, by name or address. */
  readonly neighbor?: string;
  /** Next hops to it; empty of this host, and where all announcers share those of the route. */
  readonly ways: readonly Way[];
  /** Since when: ISO 8601, UTC; absent: see the age of the route. */
  readonly since?: string;
}

/** Where packets for an address go, and who says so. */
export interface PrefixOrigin {
  /** The longest prefix with the address that the router has a route to. */
  readonly prefix: string;
  /** The protocol of the route in use, in zebra's words: `ospf`, `kernel`, `connected`, `static`. */
  readonly protocol: string;
  readonly metric: number;
  readonly ways: readonly Way[];
  /** Since when this host has the route as it is: ISO 8601, UTC. Coarse from a day on. */
  readonly since: string;
  /** The routers that announce this very prefix; this host first. Empty: it is not announced, or no daemon says by whom. */
  readonly announcers: readonly Announcer[];
}
