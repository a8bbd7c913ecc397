import { formatIp } from '@routed/addresses';
import { ipv4PrefixAt } from '../codec/ipv4-text.ts';
import { u16, u32 } from '../codec/reader.ts';
import type { Received } from '../codec/received.ts';
import { align } from '../codec/writer.ts';
import type { NextHop, Route } from '../types/route.ts';
import { NLA_HDRLEN, NLA_TYPE_MASK } from '../uapi/netlink.ts';
import { AF_INET, AF_INET6, ROUTE_TYPE, RTA } from '../uapi/rtnetlink.ts';
import { decodeFlags } from './route-flags.ts';
import { byNumber, isNamedScope, scopeOf } from './tables.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const RTMSG_LENGTH = 12;
const U32_LENGTH = 4;
/** Where in `struct rta_cacheinfo` the ticks are after which a route goes. */
const TICKS_OFFSET = 8;
const typeNames = byNumber(ROUTE_TYPE);
const NO_HOPS: readonly NextHop[] = Object.freeze([]);

/** Where in the datagram the attributes of a row are; 0 for what is not there. Reused from row to row. */
const places = { destination: 0, link: 0, gateway: 0, source: 0, metric: 0, table: 0 };

/** The next hop of the row before, which the next row mostly shares: one list for all of them, which nobody can change. */
const last = { linkIndex: 0, gateway: '', hops: NO_HOPS };

/**
 * Decodes a route as most of a big table are: one next hop, or none, and nothing rare. It is read in place, many times as
 * fast as by views of its attributes.
 *
 * @returns `undefined` for every other route and for what is malformed: both are decoded in general
 */
export function decodePlainRoute({ datagram, start, end }: Received): Route | undefined {
  const family = datagram[start];
  if ((family !== AF_INET && family !== AF_INET6) || end - start < RTMSG_LENGTH) return undefined;
  if (datagram[start + 2] !== 0 || datagram[start + 3] !== 0 || !isNamedScope(byteAt(datagram, start + 6)))
    return undefined;
  const addressBytes = family === AF_INET ? 4 : 16;
  if (!findPlaces(datagram, start + RTMSG_LENGTH, end, addressBytes)) return undefined;
  // Of another kind than these are next hops without a link.
  if (places.link === 0 && places.gateway !== 0) return undefined;
  return routeAt(datagram, start, addressBytes);
}

function routeAt(datagram: Uint8Array, start: number, addressBytes: 4 | 16): Route | undefined {
  const destination = destinationAt(datagram, byteAt(datagram, start + 1), addressBytes);
  const family = addressBytes === 4 ? 4 : 6;
  const protocol = byteAt(datagram, start + 5);
  const scope = scopeOf(byteAt(datagram, start + 6));
  const table = places.table === 0 ? byteAt(datagram, start + 4) : u32(datagram, places.table);
  const type = typeNames.get(byteAt(datagram, start + 7));
  if (type === undefined || type === 'unspecified') return undefined;
  const flags = decodeFlags(u32(datagram, start + 8));
  const nextHops = hopsAt(datagram, addressBytes);
  const { linkIndex, gateway } = last;
  // One object literal each: to spread what is there takes longer than everything else here.
  let route: Mutable<Route>;
  if (places.link === 0) route = { destination, family, protocol, scope, table, type, nextHops, flags };
  else if (places.gateway === 0)
    route = { destination, family, linkIndex, protocol, scope, table, type, nextHops, flags };
  else route = { destination, family, linkIndex, gateway, protocol, scope, table, type, nextHops, flags };
  if (places.source !== 0) route.source = addressAt(datagram, places.source, addressBytes);
  if (places.metric !== 0) route.metric = u32(datagram, places.metric);
  return route;
}

/** Fills {@link places}; `false` when there is anything besides, or of another size. */
function findPlaces(datagram: Uint8Array, start: number, end: number, addressBytes: number): boolean {
  places.destination = places.link = places.gateway = places.source = places.metric = places.table = 0;
  let offset = start;
  while (offset + NLA_HDRLEN <= end) {
    const length = u16(datagram, offset);
    if (length < NLA_HDRLEN || length > end - offset) return false;
    const type = u16(datagram, offset + 2) & NLA_TYPE_MASK;
    if (!notePlace(datagram, type, offset + NLA_HDRLEN, length - NLA_HDRLEN, addressBytes)) return false;
    offset += align(length);
  }
  return true;
}

function notePlace(datagram: Uint8Array, type: number, place: number, length: number, addressBytes: number): boolean {
  switch (type) {
    case RTA.DST:
      places.destination = place;
      return length === addressBytes;
    case RTA.OIF:
      places.link = place;
      return length === U32_LENGTH;
    case RTA.TABLE:
      places.table = place;
      return length === U32_LENGTH;
    case RTA.GATEWAY:
      places.gateway = place;
      return length === addressBytes;
    case RTA.PRIORITY:
      places.metric = place;
      return length === U32_LENGTH;
    case RTA.PREFSRC:
      places.source = place;
      return length === addressBytes;
    // About the question, not the route.
    case RTA.UID:
      return true;
    case RTA.PREF:
      return length === 1 && datagram[place] === 0;
    case RTA.CACHEINFO:
      return length >= TICKS_OFFSET + U32_LENGTH && u32(datagram, place + TICKS_OFFSET) === 0;
    default:
      return false;
  }
}

function destinationAt(datagram: Uint8Array, prefixLength: number, addressBytes: 4 | 16): string {
  if (places.destination === 0) return `${addressBytes === 4 ? '0.0.0.0' : '::'}/${prefixLength}`;
  if (addressBytes === 4) return ipv4PrefixAt(datagram, places.destination, prefixLength);
  return `${addressAt(datagram, places.destination, 16)}/${prefixLength}`;
}

function addressAt(datagram: Uint8Array, place: number, addressBytes: 4 | 16): string {
  return formatIp(datagram.subarray(place, place + addressBytes));
}

/** The next hops, and in {@link last} what the only one is. */
function hopsAt(datagram: Uint8Array, addressBytes: 4 | 16): readonly NextHop[] {
  if (places.link === 0) return NO_HOPS;
  const linkIndex = u32(datagram, places.link);
  const gateway = places.gateway === 0 ? '' : addressAt(datagram, places.gateway, addressBytes);
  if (linkIndex === last.linkIndex && gateway === last.gateway) return last.hops;
  const hop = gateway === '' ? { linkIndex, weight: 1 } : { linkIndex, gateway, weight: 1 };
  Object.assign(last, { linkIndex, gateway, hops: Object.freeze([Object.freeze(hop)]) });
  return last.hops;
}

/** A byte that is known to be there. */
function byteAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}
