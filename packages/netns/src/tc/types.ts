import type { Decoded, UnknownField } from '../types/common.ts';
import type { ClassKinds, QdiscKinds, RateOptions } from './qdisc-settings.ts';

/** What becomes of a packet. Source: linux uapi pkt_cls.h `TC_ACT_*`. */
export type Verdict = 'continue' | 'pass' | 'reclassify' | 'drop' | 'pipe' | 'stolen' | 'trap';

/** `action drop` and the like. Source: tc-actions(8). */
export interface GactAction {
  readonly kind: 'gact';
  readonly verdict: Verdict;
}

/** Sends packets to another link. Source: tc-mirred(8). */
export interface MirredAction {
  readonly kind: 'mirred';
  readonly linkIndex: number;
  /** `redirect`: the packet; `mirror`: a copy of it. */
  readonly mode: 'redirect' | 'mirror';
  /** `egress`: the link sends it. `ingress`: it arrives there. @defaultValue `egress` */
  readonly direction?: 'egress' | 'ingress';
  /** @defaultValue `stolen` for redirect, `pipe` for mirror */
  readonly verdict?: Verdict;
}

/** Tells packets within a rate from those beyond it. Source: tc-police(8). */
export interface PoliceAction extends RateOptions {
  readonly kind: 'police';
  /** Bits per second, a multiple of 8. */
  readonly rateBitsPerSec: number;
  /** Read back as the kernel keeps it: as a time, in steps of 64 ns. */
  readonly burstBytes: number;
  /** What becomes of packets beyond the rate. */
  readonly exceed: Verdict;
  /** What becomes of packets within the rate. @defaultValue `pass` */
  readonly conform?: Verdict;
  /** Larger packets are beyond the rate. @defaultValue 2047 */
  readonly mtuBytes?: number;
}

/** An action of a filter. */
export type ActionSpec = GactAction | MirredAction | PoliceAction;

/** An action as the kernel reports it. */
export type Action = (
  Decoded<GactAction> | Decoded<MirredAction> | Decoded<PoliceAction> | { readonly kind: string }
) & {
  /** Actions of a kind are numbered. */
  readonly index?: number;
  readonly statistics?: Statistics;
  readonly unknown?: readonly UnknownField[];
};

/** What any filter does with what it matches. */
export interface FilterEffect {
  /** The class that packets go to: `1:10`. */
  readonly classId?: string;
  readonly actions?: readonly ActionSpec[];
}

/** 32 bits of a packet to compare. */
export interface U32Key {
  /** Bytes from the start of the network header, a multiple of 4 (negative: before it). */
  readonly offset: number;
  /** In host byte order: `0x0a000007` is 10.0.0.7. */
  readonly value: number;
  readonly mask: number;
  /** Count from the next header on (tc: `nexthdr+`). */
  readonly fromNextHeader?: boolean;
}

/** Compares 32 bits at a time. Source: tc-u32(8), linux uapi pkt_cls.h `struct tc_u32_sel`. */
export interface U32Settings extends FilterEffect {
  /** All must match; one with mask 0 matches everything. {@link matchPrefix} makes those of an address. */
  readonly keys?: readonly U32Key[];
  /** Hash table that the filter is in, 0x80000000: the first that tc makes. */
  readonly hashTable?: number;
  /** Hash table to go on in. */
  readonly link?: number;
  /** Makes a hash table with so many buckets instead of a filter. */
  readonly divisor?: number;
}

/** Compares fields of packets. Source: tc-flower(8), linux uapi pkt_cls.h `TCA_FLOWER_*`. */
export interface FlowerSettings extends FilterEffect {
  readonly destinationMac?: string;
  readonly sourceMac?: string;
  /** `10.0.0.0/8`, of the filter's protocol. */
  readonly source?: string;
  readonly destination?: string;
  /** Number of the protocol above IP. */
  readonly ipProtocol?: number;
  /** Needs {@link FlowerSettings.ipProtocol} 6, 17 or 132. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
}

/** Asks an eBPF program. Source: tc-bpf(8), linux uapi pkt_cls.h `TCA_BPF_*`. */
export interface BpfSettings extends FilterEffect {
  /** Descriptor of a loaded program, such as `openPinnedProgram` opens; it may be closed afterwards. */
  readonly fd?: number;
  /** Shown with the filter. */
  readonly name?: string;
  /** What the program returns is the verdict (tc: `direct-action`). */
  readonly directAction?: boolean;
  /** A classic BPF program instead: `struct sock_filter`, 8 bytes each. */
  readonly bytecode?: Uint8Array;
}

/** What the kernel says besides of a program. */
export interface BpfReport {
  readonly programId?: number;
  readonly tag?: Uint8Array;
}

/** Filters that this library has words for. */
export interface FilterKinds {
  readonly bpf: BpfSettings;
  readonly flower: FlowerSettings;
  readonly matchall: FilterEffect;
  readonly u32: U32Settings;
}

/** Filters as the kernel reports them. */
export interface FilterReports extends Omit<FilterKinds, 'bpf'> {
  readonly bpf: BpfSettings & BpfReport;
}

/** Of each kind, what it is told and what all of its sort have. */
export type OfKind<Kinds, Common> = {
  readonly [Kind in keyof Kinds]: Common & { readonly kind: Kind } & Kinds[Kind];
}[keyof Kinds];

/** Settings as the kernel reports them. */
export type Reported<Kinds> = {
  readonly [Kind in keyof Kinds]: { readonly kind: Kind } & Omit<Decoded<Kinds[Kind]>, 'actions'> & {
      readonly actions?: readonly Action[];
    };
}[keyof Kinds];

/** Counters of a queueing discipline, class or action. Source: linux uapi gen_stats.h. */
export interface Statistics {
  /** Rounded beyond 9007199254740991. */
  readonly bytes: number;
  readonly packets: number;
  readonly drops: number;
  /** How often a packet had to wait, or was beyond the rate. */
  readonly overlimits: number;
  readonly requeues: number;
  /** Packets that wait. */
  readonly queueLength: number;
  readonly backlogBytes: number;
  readonly unknown?: readonly UnknownField[];
}

interface OnLink {
  readonly linkIndex: number;
}

/** A queueing discipline to put on a link. */
export type QdiscSpec = OfKind<
  QdiscKinds,
  OnLink & {
    /** `root`, or the class that it is the leaf of: `1:10`. Not for `ingress` and `clsact`. @defaultValue `root` */
    readonly parent?: string;
    /** `1:`. @defaultValue the kernel chooses */
    readonly handle?: string;
  }
>;

/** A queueing discipline as the kernel reports it. */
export interface Qdisc extends OnLink {
  readonly kind: string;
  /** `0:` for those that the kernel made by itself. */
  readonly handle: string;
  readonly parent: string;
  /** Of kinds in {@link QdiscKinds}; those of other kinds are in {@link Qdisc.unknown}. */
  readonly settings?: Reported<QdiscKinds>;
  readonly statistics?: Statistics;
  readonly unknown?: readonly UnknownField[];
}

/** A class to make or to change. */
export type ClassSpec = OfKind<
  ClassKinds,
  OnLink & {
    /** The queueing discipline or the class above: `1:`, `1:1`. */
    readonly parent: string;
    /** `1:10`. */
    readonly handle: string;
  }
>;

/** A class as the kernel reports it. */
export interface TrafficClass extends OnLink {
  readonly kind: string;
  readonly handle: string;
  readonly parent: string;
  /** Handle of the queueing discipline below: `10:`. */
  readonly leaf?: string;
  /** Of kinds in {@link ClassKinds}. */
  readonly settings?: Reported<ClassKinds>;
  readonly statistics?: Statistics;
  readonly unknown?: readonly UnknownField[];
}

/** What tells a filter from others of the same parent. */
export interface FilterPlace extends OnLink {
  /** `1:` of a queueing discipline, or `ingress` or `egress` of `clsact`; of `ingress` the former. */
  readonly parent: string;
  /** Which packets it looks at: by name, or the number of the EtherType. @defaultValue `all` */
  readonly protocol?: FilterProtocol;
  /** 1 to 65535; a lower number is asked first (tc: `pref`). @defaultValue the kernel chooses */
  readonly priority?: number;
  /** Number of the filter; of u32 12 bits of hash table, 8 of bucket, 12 of node: 0x80000800 is tc's `800::800`. */
  readonly handle?: number;
  /** @defaultValue 0 */
  readonly chain?: number;
}

/** Which packets a filter looks at. Source: linux uapi if_ether.h `ETH_P_*`. */
export type FilterProtocol = 'all' | 'ip' | 'ipv6' | 'arp' | '802.1Q' | '802.1ad' | number;

/** A filter to install. */
export type FilterSpec = OfKind<FilterKinds, FilterPlace>;

/** A filter as the kernel reports it. */
export interface Filter extends Required<FilterPlace> {
  readonly kind: string;
  /** Of kinds in {@link FilterKinds}. */
  readonly settings?: Reported<FilterReports>;
  readonly unknown?: readonly UnknownField[];
}

/** The queueing disciplines of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Qdiscs {
  /** @returns it as the kernel made it. @throws {@link NetlinkError} `EEXIST`; `ENOENT`: the kernel lacks the kind */
  add(spec: QdiscSpec): Promise<Qdisc>;
  /** Adds it, changes it when one of that handle and kind is there, or puts it in the place of another one. */
  replace(spec: QdiscSpec): Promise<Qdisc>;
  /** Takes its classes and filters along. `false`: there is none, or no such link. */
  delete(key: Pick<Qdisc, 'linkIndex' | 'parent'> & Partial<Pick<Qdisc, 'handle'>>): Promise<boolean>;
  list(filter?: { readonly linkIndex?: number }): Promise<Qdisc[]>;
}

/** The classes of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Classes {
  /** @returns it as the kernel made it. @throws {@link NetlinkError} `EEXIST` */
  add(spec: ClassSpec): Promise<TrafficClass>;
  /** Adds a class, or changes one that is there: no packet is lost. */
  replace(spec: ClassSpec): Promise<TrafficClass>;
  /** `false`: there is none, or no such link. @throws {@link NetlinkError} `EBUSY` while filters or classes lead to it */
  delete(key: Pick<TrafficClass, 'linkIndex' | 'handle'>): Promise<boolean>;
  list(filter: { readonly linkIndex: number; readonly parent?: string }): Promise<TrafficClass[]>;
}

/** The filters of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Filters {
  /** @returns it as the kernel made it, with priority and handle. @throws {@link NetlinkError} `EEXIST` */
  add(spec: FilterSpec): Promise<Filter>;
  /** Adds a filter, or puts it in the place of the one with its handle. */
  replace(spec: FilterSpec): Promise<Filter>;
  /**
   * Deletes one filter; without a handle all of a priority, without a priority all of the parent. `false`: there was none,
   * or no such link.
   */
  delete(key: FilterPlace & { readonly kind?: string }): Promise<boolean>;
  /** In the order in which they are asked. Hash tables of u32 are among them. */
  list(filter: Pick<FilterPlace, 'linkIndex' | 'parent'>): Promise<Filter[]>;
}

/**
 * A connection for traffic control, bound to one network namespace for its whole life, which it keeps alive.
 *
 * `qdiscs` decide what is sent when, `classes` share a queueing discipline, and `filters` sort packets into classes or let
 * actions have them.
 */
export interface TrafficControl extends AsyncDisposable {
  readonly qdiscs: Qdiscs;
  readonly classes: Classes;
  readonly filters: Filters;
  /** Later calls reject with code `CLOSED`. May be repeated. */
  close(): Promise<void>;
}
