import { type Check, among, object, optional, whole } from '../check/check.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import { nameRouteEncapsulation } from '../encapsulation/route-encapsulation.ts';
import { decodeAddress } from '../message/address.ts';
import { matchesLink } from '../message/link.ts';
import { decodeLink } from '../message/link-decode.ts';
import { decodeNeighbour } from '../message/neighbour.ts';
import { decodeRoute, matchesRoute } from '../message/route-decode.ts';
import { decodeRule } from '../message/rule.ts';
import { ARGUMENTS } from '../rtnl/arguments.ts';
import type { Listed } from '../types/common.ts';
import type { FollowFilters, Followed, FollowedRows } from '../types/follow.ts';
import type { Link } from '../types/link.ts';
import type { RtnlRequests } from '../types/rtnl.ts';
import type { Rule } from '../types/rule.ts';
import { RTM, RTNLGRP } from '../uapi/rtnetlink.ts';
import { type HeldRows, type Step, contentOf } from './held-rows.ts';
import { applyRoute, routeKey } from './route-steps.ts';

/** What a message of the followed type says. */
export interface Said<Row> {
  readonly row: Row;
  readonly isNew: boolean;
  /** It takes the place of one that was there (`NLM_F_REPLACE`). */
  readonly isReplacing: boolean;
}

/** A table of the kernel that can be followed. */
export interface Source<Row extends object, Filter> {
  /** Multicast groups: its own, and those of what changes it without an event. */
  readonly groups: readonly number[];
  readonly newType: number;
  readonly deleteType: number;
  readonly filter: Check<Filter>;
  readonly decode: (message: NetlinkMessage) => Row | undefined;
  readonly list: (rtnl: RtnlRequests, filter: Filter | undefined) => Promise<Listed<Row>>;
  readonly matches: (row: Row, filter: Filter) => boolean;
  readonly keyOf: (row: Row) => string;
  /** The steps that an event makes; `undefined`: only the list tells. Default: one row a key. */
  readonly apply?: (held: HeldRows<Row>, said: Said<Row>) => readonly Step<Row>[] | undefined;
  /** Whether a message of another table may have changed this one without an event. */
  readonly isAffected?: (message: NetlinkMessage, held: HeldRows<Row>, links: LinkStates) => boolean;
}

/** What of a link matters to its routes, by index. */
export type LinkStates = Map<number, string>;

const LINK_TYPES: readonly number[] = [RTM.NEWLINK, RTM.DELLINK];
const NEXT_HOP_TYPES: readonly number[] = [RTM.NEWNEXTHOP, RTM.DELNEXTHOP];
const IPV4_AND_IPV6_ADDRESSES = [RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR];

/** Whether both have the same value in every field that the filter has. */
function agrees<Row extends object>(row: Row, filter: Partial<Row>): boolean {
  return (Object.keys(filter) as (keyof Row)[]).every(
    (name) => filter[name] === undefined || filter[name] === row[name],
  );
}

/**
 * A link that goes or goes down takes IPv4 routes with it, and marks others as dead; so does one that changes its VRF.
 * Source: linux net/ipv4/fib_frontend.c `fib_netdev_event`.
 */
function isOtherState(message: NetlinkMessage, links: LinkStates): boolean {
  const link = decodeLink(message);
  if (link === undefined) return false;
  const { index } = link;
  if (message.type === RTM.DELLINK) return links.delete(index) || true;
  const state = stateOf(link);
  const isOther = links.get(index) !== state;
  links.set(index, state);
  return isOther;
}

function stateOf({ isUp, hasCarrier, masterIndex }: Link): string {
  return `${isUp} ${hasCarrier} ${masterIndex}`;
}

/** A rule rests while its link, or the rule that it goes to, is not there. */
function isBound({ inputLink, outputLink, gotoPriority }: Rule): boolean {
  return inputLink !== undefined || outputLink !== undefined || gotoPriority !== undefined;
}

type Sources = { readonly [Of in Followed]: Source<FollowedRows[Of], FollowFilters[Of]> };

/** Everything that can be followed. */
export const SOURCES: Sources = {
  link: {
    groups: [RTNLGRP.LINK],
    newType: RTM.NEWLINK,
    deleteType: RTM.DELLINK,
    decode: decodeLink,
    filter: ARGUMENTS.links.list[1],
    list: ({ links }, filter) => links.list(filter),
    matches: matchesLink,
    keyOf: ({ index }) => String(index),
  },
  address: {
    groups: IPV4_AND_IPV6_ADDRESSES,
    newType: RTM.NEWADDR,
    deleteType: RTM.DELADDR,
    decode: decodeAddress,
    filter: ARGUMENTS.addresses.list[1],
    list: ({ addresses }, filter) => addresses.list(filter),
    matches: agrees,
    keyOf: ({ linkIndex, address, peer = '' }) => `${linkIndex} ${address} ${peer}`,
  },
  neighbour: {
    groups: [RTNLGRP.NEIGH],
    newType: RTM.NEWNEIGH,
    deleteType: RTM.DELNEIGH,
    decode: (message) => {
      const neighbour = decodeNeighbour(message);
      return neighbour?.isProxy === false ? neighbour : undefined;
    },
    filter: object<FollowFilters['neighbour']>({
      linkIndex: optional(whole(1, 0x7fff_ffff)),
      family: optional(among(4, 6)),
    }),
    list: ({ neighbours }, filter) => neighbours.list(filter),
    matches: agrees,
    keyOf: ({ linkIndex, address }) => `${linkIndex} ${address}`,
  },
  rule: {
    groups: [RTNLGRP.IPV4_RULE, RTNLGRP.IPV6_RULE, RTNLGRP.LINK],
    newType: RTM.NEWRULE,
    deleteType: RTM.DELRULE,
    decode: decodeRule,
    filter: ARGUMENTS.rules.list[1],
    list: ({ rules }, filter) => rules.list(filter),
    matches: agrees,
    keyOf: (rule) => contentOf(rule, 'isInactive'),
    isAffected: (_, held) => held.some(isBound),
  },
  route: {
    groups: [RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE, RTNLGRP.LINK, ...IPV4_AND_IPV6_ADDRESSES, RTNLGRP.NEXTHOP],
    newType: RTM.NEWROUTE,
    deleteType: RTM.DELROUTE,
    decode: (message) => {
      const route = decodeRoute(message);
      return route && nameRouteEncapsulation(route);
    },
    filter: ARGUMENTS.routes.list[1],
    list: ({ routes }, filter) => routes.list(filter),
    matches: (route, filter) => matchesRoute(route, filter.family ?? route.family, filter),
    keyOf: routeKey,
    apply: applyRoute,
    isAffected: (message, _, links) =>
      LINK_TYPES.includes(message.type)
        ? isOtherState(message, links)
        : message.type === RTM.DELADDR || NEXT_HOP_TYPES.includes(message.type),
  },
};
