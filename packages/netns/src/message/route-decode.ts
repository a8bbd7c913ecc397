import { formatIp } from '@routed/addresses';
import { type Attributes, type NetlinkMessage, attributes, optional, u16, u32, u8 } from '../codec/reader.ts';
import { Received } from '../codec/received.ts';
import { align } from '../codec/writer.ts';
import type { Family } from '../types/common.ts';
import type { NextHop, Route, RouteFilter, RouteType } from '../types/route.ts';
import { ROUTE_TYPE, RTA, RTAX, RTM_F_CLONED } from '../uapi/rtnetlink.ts';
import { decodePlainRoute } from './route-plain.ts';
import { decodeFlags } from './route-flags.ts';
import { attributeNames, byNumber, familyOf, isNamedScope, routeAttribute, scopeOf } from './tables.ts';
import { unknownAttributes, unknownNumber } from './unknown.ts';

const RTMSG_LENGTH = 12;
const RTNEXTHOP_LENGTH = 8;
const typeNames = byNumber(ROUTE_TYPE);
const metricAttribute = attributeNames('RTAX', RTAX);
/** Source: linux uapi icmpv6.h `ICMPV6_ROUTER_PREF_*`; medium is 0. */
const PREFERENCES: ReadonlyMap<number, 'high' | 'low'> = new Map([
  [1, 'high'],
  [3, 'low'],
]);
/** `USER_HZ`, in which the kernel tells times to programs on every architecture of Node. */
const TICKS_PER_SECOND = 100;

/** What is decoded, and what is about the question (the user who asks) or about the cache, not about the route. */
const DECODED: ReadonlySet<number> = new Set([
  RTA.DST,
  RTA.SRC,
  RTA.OIF,
  RTA.GATEWAY,
  RTA.PRIORITY,
  RTA.PREFSRC,
  RTA.METRICS,
  RTA.MULTIPATH,
  RTA.CACHEINFO,
  RTA.TABLE,
  RTA.VIA,
  RTA.PREF,
  RTA.PAD,
  RTA.UID,
  RTA.NH_ID,
]);
const PLAIN: ReadonlySet<number> = new Set([
  RTA.DST,
  RTA.OIF,
  RTA.GATEWAY,
  RTA.PRIORITY,
  RTA.PREFSRC,
  RTA.MULTIPATH,
  RTA.TABLE,
  RTA.VIA,
]);
const METRICS_DECODED: ReadonlySet<number> = new Set([RTAX.MTU, RTAX.ADVMSS]);
const HOP_DECODED: ReadonlySet<number> = new Set([RTA.GATEWAY, RTA.VIA]);

/** Decodes RTM_NEWROUTE and RTM_DELROUTE; `undefined` for cached clones and other families than IP. */
export function decodeRoute(message: NetlinkMessage): Route | undefined {
  const isClone =
    message instanceof Received
      ? (u32(message.datagram, message.start + 8) & RTM_F_CLONED) !== 0
      : (u32(message.payload, 8) & RTM_F_CLONED) !== 0;
  return isClone ? undefined : decodeAnyRoute(message);
}

/** As {@link decodeRoute}, clones included: the answer for one address is one. */
export function decodeAnyRoute(message: NetlinkMessage): Route | undefined {
  const plain = message instanceof Received ? decodePlainRoute(message) : undefined;
  return plain ?? decodeWhole(message.payload);
}

function decodeWhole(payload: Uint8Array): Route | undefined {
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
    ...(isPlain(payload, found) ? undefined : decodeRare(payload, found)),
  };
}

type Rare =
  | 'sourcePrefix'
  | 'typeOfService'
  | 'mtuBytes'
  | 'maxSegmentBytes'
  | 'nextHopId'
  | 'preference'
  | 'expiresInSec'
  | 'unknown';

/** Most routes: a dump of 100,000 need not look for what they do not have. */
function isPlain(payload: Uint8Array, found: Attributes): boolean {
  if (payload[3] !== 0 || !isNamedScope(u8(payload, 6))) return false;
  for (const type of found.keys()) if (!PLAIN.has(type)) return false;
  return true;
}

/** What few routes have. */
function decodeRare(payload: Uint8Array, found: Attributes): Pick<Route, Rare> {
  const metrics = optional(found, RTA.METRICS, (bytes) => attributes(bytes));
  const mtuBytes = metrics && optional(metrics, RTAX.MTU, u32);
  const maxSegmentBytes = metrics && optional(metrics, RTAX.ADVMSS, u32);
  const sourcePrefix = optional(found, RTA.SRC, (bytes) => `${formatIp(bytes)}/${u8(payload, 2)}`);
  const typeOfService = u8(payload, 3);
  const nextHopId = optional(found, RTA.NH_ID, u32);
  const preference = PREFERENCES.get(optional(found, RTA.PREF, u8) ?? 0);
  // `struct rta_cacheinfo`: two other numbers, then the ticks that remain, signed.
  const ticks = optional(found, RTA.CACHEINFO, (bytes) => u32(bytes, 8) | 0) ?? 0;
  const unknown = unknownAttributes(found, DECODED, routeAttribute);
  if (metrics !== undefined) unknown.push(...unknownAttributes(metrics, METRICS_DECODED, metricAttribute));
  if (!isNamedScope(u8(payload, 6))) unknown.push(unknownNumber('rtm_scope', u8(payload, 6)));
  return {
    ...(sourcePrefix !== undefined && { sourcePrefix }),
    ...(typeOfService !== 0 && { typeOfService }),
    ...(mtuBytes !== undefined && { mtuBytes }),
    ...(maxSegmentBytes !== undefined && { maxSegmentBytes }),
    ...(nextHopId !== undefined && { nextHopId }),
    ...(preference !== undefined && { preference }),
    ...(ticks !== 0 && { expiresInSec: ticks / TICKS_PER_SECOND }),
    ...(unknown.length > 0 && { unknown }),
  };
}

function onlyHop([hop, ...others]: readonly NextHop[]): Pick<NextHop, 'linkIndex' | 'gateway'> {
  if (hop === undefined || others.length > 0) return {};
  const { linkIndex, gateway } = hop;
  return { ...(linkIndex !== undefined && { linkIndex }), ...(gateway !== undefined && { gateway }) };
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
    const found = attributes(bytes.subarray(offset, offset + length), RTNEXTHOP_LENGTH);
    const flags = u8(bytes, offset + 2);
    const unknown = unknownAttributes(found, HOP_DECODED, routeAttribute);
    hops.push({
      ...nextHop(u32(bytes, offset + 4), decodeGateway(found), u8(bytes, offset + 3) + 1),
      ...(flags !== 0 && { flags: decodeFlags(flags) }),
      ...(unknown.length > 0 && { unknown }),
    });
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
