import type { NetlinkError } from '../errors.ts';
import type { Address } from './address.ts';
import type { Family } from './common.ts';
import type { Link } from './link.ts';
import type { Neighbour } from './neighbour.ts';
import type { Netns } from './netns.ts';
import type { Route } from './route.ts';
import type { Rule } from './rule.ts';

/** What a monitor can listen for. */
export type MonitorGroup = 'link' | 'address' | 'route' | 'rule' | 'neighbour' | 'netconf' | 'tc';

/** `new` is also sent for every change of an object that was there. */
export type Change = 'new' | 'delete';

/** A link appeared, changed or went. */
export interface LinkEvent {
  readonly change: Change;
  readonly link: Link;
}

/** An address appeared, changed or went. */
export interface AddressEvent {
  readonly change: Change;
  readonly address: Address;
}

/** A route appeared, changed or went; IPv4 routes that go with their link are not reported by the kernel. */
export interface RouteEvent {
  readonly change: Change;
  readonly route: Route;
}

/** A rule of policy routing appeared or went. */
export interface RuleEvent {
  readonly change: Change;
  readonly rule: Rule;
}

/** A neighbour entry appeared, changed or went. */
export interface NeighbourEvent {
  readonly change: Change;
  readonly neighbour: Neighbour;
}

/** Settings of `/proc/sys/net/ipv4/conf` or `/proc/sys/net/ipv6/conf` changed, or came or went with their link. */
export interface NetconfEvent {
  readonly change: Change;
  readonly family: Family;
  /** Whose settings: those of one link, by its index; `all` or `default`, as the directories are called. */
  readonly of: number | 'all' | 'default';
  /** Absent: another setting changed. `net.ipv4.ip_forward` is that of `all`. */
  readonly isForwarding?: boolean;
}

/**
 * Traffic control of a link appeared, changed or went. What is replaced goes first; what goes with its link, or with what it is
 * attached to, is not reported by the kernel.
 */
export interface TrafficControlEvent {
  readonly change: Change;
  readonly sort: 'qdisc' | 'class' | 'filter';
  readonly linkIndex: number;
}

/** Events of a {@link Monitor} and what their listeners get. */
export interface MonitorEvents {
  readonly link: [LinkEvent];
  readonly address: [AddressEvent];
  readonly route: [RouteEvent];
  readonly rule: [RuleEvent];
  readonly neighbour: [NeighbourEvent];
  readonly netconf: [NetconfEvent];
  readonly tc: [TrafficControlEvent];
  /** Events were lost: dump the state again. Later events still arrive. */
  readonly overrun: [];
  /** The socket failed for good; the monitor is deaf and should be opened again. */
  readonly error: [NetlinkError];
}

/** How to open a {@link Monitor}. */
export interface MonitorOptions {
  /** At least one. */
  readonly groups: readonly MonitorGroup[];
  /**
   * Whether `netconf` comes for the settings of single links as well. Without, the kernel makes none of the eight events of that
   * group with which a link comes and goes; those of `all` and `default` come either way.
   * @defaultValue true
   */
  readonly linkSettings?: boolean;
  /** Default: the current namespace. The monitor pins it. */
  readonly netns?: Netns;
  /**
   * Room for events that wait to be read; beyond it comes an `overrun`.
   * @defaultValue 8 MiB
   */
  readonly receiveBufferBytes?: number;
}

/**
 * Reports changes of links, addresses, routes, rules, neighbours, settings and traffic control as they happen.
 *
 * It keeps the process alive until `close` or `unref`, and itself while it is open.
 */
export interface Monitor extends AsyncDisposable {
  on<Name extends keyof MonitorEvents>(event: Name, listener: (...data: MonitorEvents[Name]) => void): this;
  once<Name extends keyof MonitorEvents>(event: Name, listener: (...data: MonitorEvents[Name]) => void): this;
  off<Name extends keyof MonitorEvents>(event: Name, listener: (...data: MonitorEvents[Name]) => void): this;
  /** Lets the process end although the monitor is open. */
  unref(): this;
  /** No event is reported after the call. May be repeated. */
  close(): Promise<void>;
}
