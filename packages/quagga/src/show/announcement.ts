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
