import type { NetlinkMessage } from '../codec/reader.ts';
import { decodeAddress } from '../message/address.ts';
import { decodeLink } from '../message/link-decode.ts';
import { decodeNeighbour } from '../message/neighbour.ts';
import { decodeNetconf } from '../message/netconf.ts';
import { decodeRoute } from '../message/route-decode.ts';
import { decodeRule } from '../message/rule.ts';
import { decodeTrafficControl } from '../message/traffic-control.ts';
import type {
  AddressEvent,
  LinkEvent,
  MonitorGroup,
  NeighbourEvent,
  NetconfEvent,
  RouteEvent,
  RuleEvent,
  TrafficControlEvent,
} from '../types/monitor.ts';
import { RTM, RTNLGRP } from '../uapi/rtnetlink.ts';

/** A notification, by the name of the event it becomes. */
export type MonitorEvent =
  | { readonly name: 'link'; readonly data: LinkEvent }
  | { readonly name: 'address'; readonly data: AddressEvent }
  | { readonly name: 'route'; readonly data: RouteEvent }
  | { readonly name: 'rule'; readonly data: RuleEvent }
  | { readonly name: 'neighbour'; readonly data: NeighbourEvent }
  | { readonly name: 'netconf'; readonly data: NetconfEvent }
  | { readonly name: 'tc'; readonly data: TrafficControlEvent };

const GROUPS: Readonly<Record<MonitorGroup, readonly number[]>> = {
  link: [RTNLGRP.LINK],
  address: [RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR],
  route: [RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE],
  rule: [RTNLGRP.IPV4_RULE, RTNLGRP.IPV6_RULE],
  neighbour: [RTNLGRP.NEIGH],
  netconf: [RTNLGRP.IPV4_NETCONF, RTNLGRP.IPV6_NETCONF],
  tc: [RTNLGRP.TC],
};

/** Every group there is. */
export const MONITOR_GROUPS: readonly MonitorGroup[] = Object.keys(GROUPS) as MonitorGroup[];

/** Bit mask of multicast groups for bind. Source: linux uapi netlink.h `nl_groups`. */
export function groupMask(groups: readonly MonitorGroup[]): number {
  return groups.flatMap((group) => GROUPS[group]).reduce((mask, group) => mask | (1 << (group - 1)), 0);
}

/** Decodes a notification; `undefined` for what no event reports, such as changes of a bridge's ports. */
export function decodeEvent(message: NetlinkMessage): MonitorEvent | undefined {
  switch (message.type) {
    case RTM.NEWLINK:
    case RTM.DELLINK: {
      const link = decodeLink(message);
      return link && { name: 'link', data: { change: changeOf(message, RTM.NEWLINK), link } };
    }
    case RTM.NEWADDR:
    case RTM.DELADDR: {
      const address = decodeAddress(message);
      return address && { name: 'address', data: { change: changeOf(message, RTM.NEWADDR), address } };
    }
    case RTM.NEWROUTE:
    case RTM.DELROUTE: {
      const route = decodeRoute(message);
      return route && { name: 'route', data: { change: changeOf(message, RTM.NEWROUTE), route } };
    }
    case RTM.NEWRULE:
    case RTM.DELRULE: {
      const rule = decodeRule(message);
      return rule && { name: 'rule', data: { change: changeOf(message, RTM.NEWRULE), rule } };
    }
    case RTM.NEWNEIGH:
    case RTM.DELNEIGH: {
      const neighbour = decodeNeighbour(message);
      return neighbour && { name: 'neighbour', data: { change: changeOf(message, RTM.NEWNEIGH), neighbour } };
    }
    case RTM.NEWNETCONF:
    case RTM.DELNETCONF: {
      const netconf = decodeNetconf(message);
      return netconf && { name: 'netconf', data: { change: changeOf(message, RTM.NEWNETCONF), ...netconf } };
    }
    default: {
      const data = decodeTrafficControl(message);
      return data && { name: 'tc', data };
    }
  }
}

function changeOf(message: NetlinkMessage, newType: number): 'new' | 'delete' {
  return message.type === newType ? 'new' : 'delete';
}
