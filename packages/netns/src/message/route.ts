import { type Cidr, type IpBytes, parseIp } from '@routed/addresses';
import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Family, RouteScope } from '../types/common.ts';
import type { RouteFilter, RouteSpec } from '../types/route.ts';
import {
  ROUTE_SCOPE,
  ROUTE_TYPE,
  RT_TABLE_MAIN,
  RT_TABLE_UNSPEC,
  RTA,
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
function startMessage(messageType: number, messageFlags: number, header: RouteHeader): MessageWriter {
  const { family, prefixLength = 0, table = RT_TABLE_UNSPEC, protocol = RTPROT_UNSPEC } = header;
  const { scope = 0, type = 0, flags = 0 } = header;
  const writer = new MessageWriter(messageType, messageFlags).u8(familyNumber(family)).u8(prefixLength).u8(0).u8(0);
  writer.u8(table > 0xff ? RT_TABLE_UNSPEC : table).u8(protocol);
  return writer.u8(scope).u8(type).u32(flags);
}

/** The header has room for tables up to 255. */
function writeTable(writer: MessageWriter, table: number): void {
  if (table > 0xff) writer.attributeU32(RTA.TABLE, table);
}

/** RTM_NEWROUTE. `flags` says what happens to a route that exists. */
export function buildRouteAdd(spec: RouteSpec, flags: number, purpose: Purpose): Uint8Array {
  const { protocol = RTPROT_BOOT, type = 'unicast' } = spec;
  const destination = destinationOf(spec, purpose);
  const scope = ROUTE_SCOPE[spec.scope ?? defaultScope(spec, destination.family)];
  return buildRoute(RTM.NEWROUTE, flags, destination, { ...spec, protocol, type }, scope, purpose);
}

/** RTM_DELROUTE: what is not given is not compared. */
export function buildRouteDelete(spec: RouteSpec, purpose: Purpose): Uint8Array {
  const scope = ROUTE_SCOPE[spec.scope ?? 'nowhere'];
  return buildRoute(RTM.DELROUTE, 0, destinationOf(spec, purpose), spec, scope, purpose);
}

/** Source: iproute2 ip/iproute.c `iproute_modify`, the scope it chooses. */
function defaultScope({ type, gateway }: RouteSpec, family: Family): RouteScope {
  if (family === 6) return 'universe';
  if (type === 'local') return 'host';
  return gateway === undefined && (type === undefined || type === 'unicast') ? 'link' : 'universe';
}

function buildRoute(
  messageType: number,
  messageFlags: number,
  destination: Cidr,
  spec: RouteSpec,
  scope: number,
  purpose: Purpose,
): Uint8Array {
  const { family, prefixLength } = destination;
  const table = checkRange(spec.table ?? RT_TABLE_MAIN, U32, purpose, 'table');
  const writer = startMessage(messageType, messageFlags, {
    family,
    prefixLength,
    table,
    protocol: checkRange(spec.protocol ?? RTPROT_UNSPEC, U8, purpose, 'protocol'),
    scope,
    type: ROUTE_TYPE[spec.type ?? 'unspecified'],
    flags: spec.onLink ? RTNH_F_ONLINK : 0,
  });
  if (prefixLength > 0) writer.attribute(RTA.DST, destination.bytes);
  if (spec.gateway !== undefined) writeGateway(writer, requireIp(spec.gateway, purpose, 'gateway'), family);
  if (spec.source !== undefined) writer.attribute(RTA.PREFSRC, sourceOf(spec.source, family, purpose));
  if (spec.metric !== undefined) writer.attributeU32(RTA.PRIORITY, checkRange(spec.metric, U32, purpose, 'metric'));
  writeTable(writer, table);
  writeLink(writer, spec.linkIndex, purpose);
  return writer.finish();
}

function writeLink(writer: MessageWriter, linkIndex: number | undefined, purpose: Purpose): void {
  if (linkIndex !== undefined) writer.attributeU32(RTA.OIF, checkRange(linkIndex, INDEX, purpose, 'linkIndex'));
}

/** A gateway of the other family travels as RTA_VIA: `struct rtvia { u16 family; u8 addr[] }`. */
function writeGateway(writer: MessageWriter, gateway: IpBytes, family: Family): void {
  if (gateway.family === family) {
    writer.attribute(RTA.GATEWAY, gateway.bytes);
    return;
  }
  const via = new Uint8Array(2 + gateway.bytes.length);
  new Uint16Array(via.buffer, 0, 1)[0] = familyNumber(gateway.family);
  via.set(gateway.bytes, 2);
  writer.attribute(RTA.VIA, via);
}

function sourceOf(source: string, family: Family, purpose: Purpose): Uint8Array {
  const ip = requireIp(source, purpose, 'source');
  if (ip.family !== family) throw invalid(purpose, 'source', `"${source}" is not of the destination's family`);
  return ip.bytes;
}

/** The destination; `default` takes its family from the gateway or the source. */
export function destinationOf(spec: RouteSpec, purpose: Purpose): Cidr {
  if (spec.destination !== 'default') return requirePrefix(spec.destination, purpose, 'destination');
  const hint = parseIp(spec.gateway ?? spec.source ?? '');
  if (hint === undefined) {
    throw invalid(purpose, 'destination', 'default needs a gateway or source; or say 0.0.0.0/0 or ::/0');
  }
  return { family: hint.family, bytes: new Uint8Array(hint.bytes.length), prefixLength: 0 };
}

/** RTM_GETROUTE for the way to one address. */
export function buildRouteGet(address: string, isExact: boolean, purpose: Purpose): Uint8Array {
  const { family, bytes } = requireIp(address, purpose, 'address');
  // IPv6 names the table unasked, and refuses the flag.
  const flags = (family === 4 ? RTM_F_LOOKUP_TABLE : 0) | (isExact ? RTM_F_FIB_MATCH : 0);
  const writer = startMessage(RTM.GETROUTE, 0, { family, prefixLength: bytes.length * 8, flags });
  return writer.attribute(RTA.DST, bytes).finish();
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
