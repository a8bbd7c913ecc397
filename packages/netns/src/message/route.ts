import { type Cidr, type IpBytes, parseIp } from '@routed/addresses';
import { MessageWriter, encodeAttributes, isLittleEndian } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Family, RouteScope } from '../types/common.ts';
import type { RouteEncapsulation } from '../types/encapsulation.ts';
import type { NewRoute, NextHopSpec, RouteFilter, RouteQuery, RouteSpec } from '../types/route.ts';
import {
  ROUTE_SCOPE,
  ROUTE_TYPE,
  RT_TABLE_MAIN,
  RT_TABLE_UNSPEC,
  RTA,
  RTAX,
  RTM,
  RTM_F_FIB_MATCH,
  RTM_F_LOOKUP_TABLE,
  RTNH_F_ONLINK,
  RTPROT_BOOT,
  RTPROT_UNSPEC,
} from '../uapi/rtnetlink.ts';
import { familyNumber } from './tables.ts';
import { INDEX, U32, U8, checkRange, invalid, requireIp, requirePrefix } from './validate.ts';

interface RouteHeader {
  readonly family: Family;
  readonly prefixLength?: number;
  readonly table?: number;
  readonly protocol?: number;
  readonly scope?: number;
  readonly type?: number;
  readonly flags?: number;
}

/** Writes `struct rtmsg`. Source: linux uapi rtnetlink.h. */
function startMessage(
  messageType: number,
  messageFlags: number,
  header: RouteHeader,
  capacityBytes?: number,
): MessageWriter {
  const { family, prefixLength = 0, table = RT_TABLE_UNSPEC, protocol = RTPROT_UNSPEC } = header;
  const { scope = 0, type = 0, flags = 0 } = header;
  const writer = new MessageWriter(messageType, messageFlags, capacityBytes);
  writer.u8(familyNumber(family)).u8(prefixLength).u8(0).u8(0);
  writer.u8(table > 0xff ? RT_TABLE_UNSPEC : table).u8(protocol);
  return writer.u8(scope).u8(type).u32(flags);
}

/** The header has room for tables up to 255. */
function writeTable(writer: MessageWriter, table: number): void {
  if (table > 0xff) writer.attributeU32(RTA.TABLE, table);
}

/** Makes the attributes of an encapsulation. */
export type EncodeEncapsulation = (encapsulation: RouteEncapsulation) => Uint8Array;

/** Whether packets are wrapped: what few routes need is loaded when one does. */
export function isEncapsulated({ encapsulation, nextHops = [] }: NewRoute): boolean {
  return encapsulation !== undefined || nextHops.some((hop) => hop.encapsulation !== undefined);
}

/** RTM_NEWROUTE. `flags` says what happens to a route that exists. Only an encapsulated route needs `encode`. */
export function buildRouteAdd(
  spec: NewRoute,
  flags: number,
  purpose: Purpose,
  encode: EncodeEncapsulation = () => new Uint8Array(0),
): Uint8Array {
  const destination = destinationOf(spec, purpose);
  checkWays(spec, purpose);
  const hops = spec.nextHops?.map((hop) => encodeHop(hop, destination.family, purpose, encode)) ?? NO_HOPS;
  const wrapping = spec.encapsulation === undefined ? undefined : encode(spec.encapsulation);
  const hopBytes = sizeOf(hops);
  if (hopBytes > MOST_HOP_BYTES)
    throw invalid(purpose, 'nextHops', `they take ${hopBytes} bytes, ${MOST_HOP_BYTES} fit`);
  const request = {
    messageType: RTM.NEWROUTE,
    messageFlags: flags,
    destination,
    protocol: spec.protocol ?? RTPROT_BOOT,
    scope: ROUTE_SCOPE[spec.scope ?? defaultScope(spec, destination.family)],
    type: ROUTE_TYPE[spec.type ?? 'unicast'],
    extraBytes: hopBytes + (wrapping?.length ?? 0),
  };
  const writer = startRoute(request, spec, purpose);
  writeRare(writer, spec, destination.family, purpose, hops);
  if (wrapping !== undefined) writer.bytes(wrapping);
  return writer.finish();
}

const NO_HOPS: readonly Uint8Array[] = [];

/** RTM_DELROUTE: what is not given is not compared, and next hops and the like never are. */
export function buildRouteDelete(spec: RouteSpec, purpose: Purpose): Uint8Array {
  const request = {
    messageType: RTM.DELROUTE,
    messageFlags: 0,
    destination: destinationOf(spec, purpose),
    protocol: spec.protocol ?? RTPROT_UNSPEC,
    scope: ROUTE_SCOPE[spec.scope ?? 'nowhere'],
    type: ROUTE_TYPE[spec.type ?? 'unspecified'],
    extraBytes: 0,
  };
  return startRoute(request, spec, purpose).finish();
}

/** Source: iproute2 ip/iproute.c `iproute_modify`, the scope it chooses. */
function defaultScope({ type, gateway, nextHops, nextHopId }: NewRoute, family: Family): RouteScope {
  if (family === 6) return 'universe';
  if (type === 'local') return 'host';
  if (nextHops !== undefined || nextHopId !== undefined) return 'universe';
  return gateway === undefined && (type === undefined || type === 'unicast') ? 'link' : 'universe';
}

interface RouteRequest {
  readonly messageType: number;
  readonly messageFlags: number;
  readonly destination: Cidr;
  readonly protocol: number;
  readonly scope: number;
  readonly type: number;
  /** Room for what the caller writes. */
  readonly extraBytes: number;
}

/** Writes what a route to install and one to delete have in common. */
function startRoute(request: RouteRequest, spec: RouteSpec, purpose: Purpose): MessageWriter {
  const { family, prefixLength, bytes } = request.destination;
  const table = checkRange(spec.table ?? RT_TABLE_MAIN, U32, purpose, 'table');
  const header = {
    family,
    prefixLength,
    table,
    protocol: checkRange(request.protocol, U8, purpose, 'protocol'),
    scope: request.scope,
    type: request.type,
    flags: spec.onLink ? RTNH_F_ONLINK : 0,
  };
  const writer = startMessage(request.messageType, request.messageFlags, header, ROUTE_BYTES + request.extraBytes);
  if (prefixLength > 0) writer.attribute(RTA.DST, bytes);
  if (spec.gateway !== undefined) {
    writer.attribute(...gatewayOf(requireIp(spec.gateway, purpose, 'gateway'), family));
  }
  if (spec.source !== undefined) writer.attribute(RTA.PREFSRC, sourceOf(spec.source, family, purpose));
  if (spec.metric !== undefined) writer.attributeU32(RTA.PRIORITY, checkRange(spec.metric, U32, purpose, 'metric'));
  writeTable(writer, table);
  writeLink(writer, spec.linkIndex, purpose);
  return writer;
}

function writeLink(writer: MessageWriter, linkIndex: number | undefined, purpose: Purpose): void {
  if (linkIndex !== undefined) writer.attributeU32(RTA.OIF, checkRange(linkIndex, INDEX, purpose, 'linkIndex'));
}

/** More than the header and the attributes of any route without next hops. */
const ROUTE_BYTES = 512;
const MOST_HOPS = 1000;
/**
 * The kernel lists no route that is longer than a part of a dump, 32 KiB less its own data, and no error says so. Source:
 * linux net/netlink/af_netlink.c `netlink_recvmsg`.
 */
const MOST_HOP_BYTES = 31_000;
const RTNEXTHOP_LENGTH = 8;
/** Source: linux uapi icmpv6.h `ICMPV6_ROUTER_PREF_*`. */
const PREFERENCE = { high: 1, low: 3 } as const;

/** The kernel would take one of them and pass over the other. */
function checkWays(spec: NewRoute, purpose: Purpose): void {
  const { nextHops, nextHopId, linkIndex, gateway, onLink, encapsulation } = spec;
  if (nextHops === undefined && nextHopId === undefined) return;
  const isOneWay = (linkIndex ?? gateway ?? encapsulation) !== undefined || onLink === true;
  const field = nextHops === undefined ? 'nextHopId' : 'nextHops';
  if (isOneWay || (nextHops !== undefined && nextHopId !== undefined)) {
    throw invalid(purpose, field, 'name next hops, a next-hop object, or a link and gateway: one of the three');
  }
  if (nextHops === undefined) return;
  if (nextHops.length < 2 || nextHops.length > MOST_HOPS) {
    throw invalid(purpose, field, `${nextHops.length} next hops: 2 to ${MOST_HOPS} are possible`);
  }
}

/** What few routes have. */
function writeRare(
  writer: MessageWriter,
  spec: NewRoute,
  family: Family,
  purpose: Purpose,
  hops: readonly Uint8Array[],
): void {
  const { nextHopId, mtuBytes, maxSegmentBytes, preference } = spec;
  if (hops.length > 0) {
    writer.nest(RTA.MULTIPATH, () => {
      for (const hop of hops) writer.bytes(hop);
    });
  }
  if (nextHopId !== undefined) writer.attributeU32(RTA.NH_ID, checkRange(nextHopId, U32, purpose, 'nextHopId'));
  if (mtuBytes !== undefined || maxSegmentBytes !== undefined) {
    writer.nest(RTA.METRICS, () => {
      if (mtuBytes !== undefined) writer.attributeU32(RTAX.MTU, mtuBytes);
      if (maxSegmentBytes !== undefined) writer.attributeU32(RTAX.ADVMSS, maxSegmentBytes);
    });
  }
  if (preference === undefined) return;
  if (family === 4) throw invalid(purpose, 'preference', 'routers of IPv4 have no preference');
  writer.attributeU8(RTA.PREF, PREFERENCE[preference]);
}

/** `struct rtnexthop { u16 len; u8 flags; u8 hops; s32 ifindex }`, then attributes. */
function encodeHop(hop: NextHopSpec, family: Family, purpose: Purpose, encode: EncodeEncapsulation): Uint8Array {
  const { linkIndex = 0, gateway, weight = 1, onLink = false, encapsulation } = hop;
  const way = gateway === undefined ? undefined : gatewayOf(requireIp(gateway, purpose, 'nextHops.gateway'), family);
  const attributes = encodeAttributes(way === undefined ? [] : [way]);
  const wrapping = encapsulation === undefined ? new Uint8Array(0) : encode(encapsulation);
  const bytes = new Uint8Array(RTNEXTHOP_LENGTH + attributes.length + wrapping.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, bytes.length, isLittleEndian);
  view.setUint8(2, onLink ? RTNH_F_ONLINK : 0);
  view.setUint8(3, weight - 1);
  view.setUint32(4, linkIndex, isLittleEndian);
  bytes.set(wrapping, RTNEXTHOP_LENGTH);
  bytes.set(attributes, RTNEXTHOP_LENGTH + wrapping.length);
  return bytes;
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((size, part) => size + part.length, 0);
}

/** A gateway of the other family travels as RTA_VIA: `struct rtvia { u16 family; u8 addr[] }`. */
function gatewayOf(gateway: IpBytes, family: Family): readonly [type: number, payload: Uint8Array] {
  if (gateway.family === family) return [RTA.GATEWAY, gateway.bytes];
  const via = new Uint8Array(2 + gateway.bytes.length);
  new Uint16Array(via.buffer, 0, 1)[0] = familyNumber(gateway.family);
  via.set(gateway.bytes, 2);
  return [RTA.VIA, via];
}

function sourceOf(source: string, family: Family, purpose: Purpose): Uint8Array {
  const ip = requireIp(source, purpose, 'source');
  if (ip.family !== family) throw invalid(purpose, 'source', `"${source}" is not of the destination's family`);
  return ip.bytes;
}

/** The destination; `default` takes its family from the gateway or the source. */
export function destinationOf(spec: NewRoute, purpose: Purpose): Cidr {
  if (spec.destination !== 'default') return requirePrefix(spec.destination, purpose, 'destination');
  const hint = parseIp(spec.gateway ?? spec.source ?? spec.nextHops?.[0]?.gateway ?? '');
  if (hint === undefined) {
    throw invalid(purpose, 'destination', 'default needs a gateway or source; or say 0.0.0.0/0 or ::/0');
  }
  return { family: hint.family, bytes: new Uint8Array(hint.bytes.length), prefixLength: 0 };
}

/** RTM_GETROUTE for the way to one address. */
export function buildRouteGet(address: string, { exact = false, mark }: RouteQuery, purpose: Purpose): Uint8Array {
  const { family, bytes } = requireIp(address, purpose, 'address');
  // IPv6 names the table unasked, and refuses the flag.
  const flags = (family === 4 ? RTM_F_LOOKUP_TABLE : 0) | (exact ? RTM_F_FIB_MATCH : 0);
  const writer = startMessage(RTM.GETROUTE, 0, { family, prefixLength: bytes.length * 8, flags });
  writer.attribute(RTA.DST, bytes);
  if (mark !== undefined) writer.attributeU32(RTA.MARK, checkRange(mark, U32, purpose, 'mark'));
  return writer.finish();
}

/** RTM_GETROUTE for the tables of one family; strict checking makes the kernel filter. */
export function buildRouteDump(family: Family, filter: RouteFilter, purpose: Purpose): Uint8Array {
  const table = checkRange(filter.table ?? RT_TABLE_UNSPEC, U32, purpose, 'table');
  const writer = startMessage(RTM.GETROUTE, 0, {
    family,
    table,
    protocol: checkRange(filter.protocol ?? RTPROT_UNSPEC, U8, purpose, 'protocol'),
  });
  writeTable(writer, table);
  writeLink(writer, filter.linkIndex, purpose);
  return writer.finish();
}
