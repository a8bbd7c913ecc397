import { formatIp } from '../codec/ip.ts';
import { type Attributes, type NetlinkMessage, attributes, optional, u16, u32, u8 } from '../codec/reader.ts';
import { align } from '../codec/writer.ts';
import type { Family } from '../types/common.ts';
import type { NextHop, Route, RouteFilter, RouteType } from '../types/route.ts';
import {
  ROUTE_TYPE,
  RTA,
  RTM_F_CLONED,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTNH_F_OFFLOAD,
  RTNH_F_ONLINK,
} from '../uapi/rtnetlink.ts';
import { byNumber, familyOf, scopeOf } from './tables.ts';

const RTMSG_LENGTH = 12;
const RTNEXTHOP_LENGTH = 8;
const typeNames = byNumber(ROUTE_TYPE);

/** Decodes RTM_NEWROUTE and RTM_DELROUTE; `undefined` for cached clones and other families than IP. */
export function decodeRoute(message: NetlinkMessage): Route | undefined {
  return (u32(message.payload, 8) & RTM_F_CLONED) === 0 ? decodeAnyRoute(message) : undefined;
}

/** As {@link decodeRoute}, clones included: the answer for one address is one. */
export function decodeAnyRoute({ payload }: NetlinkMessage): Route | undefined {
  const found = attributes(payload, RTMSG_LENGTH);
  const family = familyOf(u8(payload));
  const type = typeNames.get(u8(payload, 7));
  if (family === undefined || type === undefined || type === 'unspecified') return undefined;
  const destination = optional(found, RTA.DST, formatIp) ?? (family === 4 ? '0.0.0.0' : '::');
  const source = optional(found, RTA.PREFSRC, formatIp);
  const metric = optional(found, RTA.PRIORITY, u32);
  const nextHops = decodeNextHops(found);
  return {
    destination: `${destination}/${u8(payload, 1)}`,
    family,
    ...onlyHop(nextHops),
    protocol: u8(payload, 5),
    scope: scopeOf(u8(payload, 6)),
    table: optional(found, RTA.TABLE, u32) ?? u8(payload, 4),
    type: type satisfies RouteType,
    nextHops,
    flags: decodeFlags(u32(payload, 8)),
    ...(source !== undefined && { source }),
    ...(metric !== undefined && { metric }),
  };
}

function onlyHop([hop, ...others]: readonly NextHop[]): Pick<NextHop, 'linkIndex' | 'gateway'> {
  if (hop === undefined || others.length > 0) return {};
  const { linkIndex, gateway } = hop;
  return { ...(linkIndex !== undefined && { linkIndex }), ...(gateway !== undefined && { gateway }) };
}

function decodeFlags(flags: number): Route['flags'] {
  return {
    isDead: (flags & RTNH_F_DEAD) !== 0,
    isLinkDown: (flags & RTNH_F_LINKDOWN) !== 0,
    isOnLink: (flags & RTNH_F_ONLINK) !== 0,
    isOffloaded: (flags & RTNH_F_OFFLOAD) !== 0,
  };
}

function decodeNextHops(found: Attributes): NextHop[] {
  const multipath = found.get(RTA.MULTIPATH);
  if (multipath !== undefined) return decodeMultipath(multipath);
  const linkIndex = optional(found, RTA.OIF, u32);
  const gateway = decodeGateway(found);
  return linkIndex === undefined && gateway === undefined ? [] : [nextHop(linkIndex, gateway, 1)];
}

/** A row of `struct rtnexthop`, each followed by its attributes. */
function decodeMultipath(bytes: Uint8Array): NextHop[] {
  const hops: NextHop[] = [];
  let offset = 0;
  while (offset + RTNEXTHOP_LENGTH <= bytes.length) {
    const length = Math.max(u16(bytes, offset), RTNEXTHOP_LENGTH);
    const gateway = decodeGateway(attributes(bytes.subarray(offset, offset + length), RTNEXTHOP_LENGTH));
    hops.push(nextHop(u32(bytes, offset + 4), gateway, u8(bytes, offset + 3) + 1));
    offset += align(length);
  }
  return hops;
}

function decodeGateway(found: Attributes): string | undefined {
  return optional(found, RTA.GATEWAY, formatIp) ?? optional(found, RTA.VIA, (via) => formatIp(via.subarray(2)));
}

function nextHop(linkIndex: number | undefined, gateway: string | undefined, weight: number): NextHop {
  return { ...(linkIndex !== undefined && { linkIndex }), ...(gateway !== undefined && { gateway }), weight };
}

/** Whether a route passes the filter: kernels before 4.20 filter nothing. */
export function matchesRoute(route: Route, family: Family, filter: RouteFilter): boolean {
  const { table, protocol, linkIndex } = filter;
  if (route.family !== family) return false;
  if (table !== undefined && route.table !== table) return false;
  if (protocol !== undefined && route.protocol !== protocol) return false;
  return linkIndex === undefined || route.nextHops.some((hop) => hop.linkIndex === linkIndex);
}
