import type { Family, Listed, RouteScope, UnknownField } from './common.ts';
import type { RouteEncapsulation } from './encapsulation.ts';
import type { RouteFlags } from './route.ts';

/** A next-hop object in a group. */
export interface NextHopMember {
  readonly id: number;
  /** Relative share of the flows, 1 to 65536; above 256 kernel 6.12. @defaultValue 1 */
  readonly weight?: number;
}

/** How a resilient group moves its flows: only a bucket that was idle changes its next hop. Kernel 5.13. */
export interface ResilientSettings {
  /** Of the hash table, 1 to 65535; fixed once the group is there. */
  readonly buckets?: number;
  /** After which time without a packet a bucket may move. @defaultValue 120,000 */
  readonly idleTimerMs?: number;
  /** For how long the shares may be wrong before busy buckets move too; 0: for ever. @defaultValue 0 */
  readonly unbalancedTimerMs?: number;
}

/** A next-hop object to install: a way out, a blackhole, or a group of others. */
export interface NewNextHop {
  /** What routes and groups call it, 1 to 4294967295. */
  readonly id: number;
  readonly linkIndex?: number;
  readonly gateway?: string;
  /** The gateway is on the link although no route says so. */
  readonly onLink?: boolean;
  /** Drops. */
  readonly isBlackhole?: boolean;
  /** For the FDB of a VXLAN link, not for routes; of a group: all its members are so. Kernel 5.8. */
  readonly isFdb?: boolean;
  /** Of the routes that it is for. Default: that of the gateway, else 4; a group has none. */
  readonly family?: Family;
  /** In place of a way out. */
  readonly group?: readonly NextHopMember[];
  /** Makes the group a resilient one. */
  readonly resilient?: ResilientSettings;
  readonly encapsulation?: RouteEncapsulation;
  /** Who installed it, as for routes. @defaultValue 0 */
  readonly protocol?: number;
}

/** A next-hop object as the kernel reports it. Source: linux uapi nexthop.h. Kernel 5.3. */
export interface NextHopObject {
  readonly id: number;
  /** Absent for a group. */
  readonly family?: Family;
  readonly linkIndex?: number;
  readonly gateway?: string;
  readonly scope: RouteScope;
  readonly protocol: number;
  readonly isBlackhole: boolean;
  readonly isFdb: boolean;
  readonly group?: readonly Required<NextHopMember>[];
  /** Of a resilient group. */
  readonly resilient?: Required<ResilientSettings> & {
    /** For how long its shares have been wrong; 0: they are right. */
    readonly unbalancedMs: number;
  };
  readonly encapsulation?: RouteEncapsulation;
  readonly flags: RouteFlags;
  /** What this library cannot name. */
  readonly unknown?: readonly UnknownField[];
}

/** Narrows {@link NextHops.list}; the kernel does the filtering. */
export interface NextHopFilter {
  readonly linkIndex?: number;
  readonly masterIndex?: number;
  /** True: groups only. */
  readonly isGroup?: boolean;
}

/** The next-hop objects of one namespace. Every method rejects with {@link NetlinkError}. Not in a batch. */
export interface NextHops {
  /** @throws {@link NetlinkError} `EEXIST`; `EINVAL` for a member or gateway that is not there; `EOPNOTSUPP` */
  add(spec: NewNextHop): Promise<void>;
  /** Adds, or changes the object in place: its routes and groups follow at once. */
  replace(spec: NewNextHop): Promise<void>;
  /** Its routes go with it, and it leaves its groups; a group that is empty then goes too. `false`: there was none. */
  delete(id: number): Promise<boolean>;
  get(id: number): Promise<NextHopObject | undefined>;
  list(filter?: NextHopFilter): Promise<Listed<NextHopObject>>;
}
