import { type Cidr, addressBits, hasHostBits, parseCidr, parseIp } from '@routed/addresses';

import { asBits, asIp, asU32 } from '../attributes/format.ts';
import { type Check, among, object, optional, whole } from '../check/check.ts';
import { show } from '../check/show.ts';
import type { Family } from '../types/common.ts';
import { IPS, TCP_CONNTRACK } from '../uapi/conntrack.ts';
import type { KernelFilter } from './messages.ts';
import type { Connection, ConnectionFilter, ConnectionStatus, ConnectionTuple, TcpState } from './types.ts';

/** A prefix, or an address as the prefix of its full length. */
function prefixOf(text: string): Cidr | undefined {
  if (text.includes('/')) return parseCidr(text);
  const ip = parseIp(text);
  return ip && { ...ip, prefixLength: addressBits(ip.family) };
}

const prefix: Check<string> = (value, field) => {
  const cidr = typeof value === 'string' ? prefixOf(value) : undefined;
  if (cidr === undefined) return { field, reason: `${show(value)} is not an IP address or a prefix` };
  return hasHostBits(cidr) ? { field, reason: `${show(value)} has bits beyond its length` } : undefined;
};

const u16 = whole(0, 0xffff);
const u32 = whole(0, 0xffff_ffff);

export const CONNECTION_FILTER: Check<ConnectionFilter> = object<ConnectionFilter>({
  family: optional(among<Family>(4, 6)),
  source: optional(prefix),
  destination: optional(prefix),
  replySource: optional(prefix),
  replyDestination: optional(prefix),
  ipProtocol: optional(whole(0, 0xff)),
  sourcePort: optional(u16),
  destinationPort: optional(u16),
  mark: optional(u32),
  markMask: optional(u32),
  zone: optional(u16),
  status: optional(asBits(asU32, IPS).check),
  tcpState: optional(among<TcpState>(...(Object.keys(TCP_CONNTRACK) as TcpState[]))),
});

const tuple = object<ConnectionTuple>({
  source: asIp.check,
  destination: asIp.check,
  sourcePort: optional(u16),
  destinationPort: optional(u16),
  icmp: optional(object<Required<ConnectionTuple>['icmp']>({ id: u16, type: whole(0, 0xff), code: whole(0, 0xff) })),
  zone: optional(u16),
});
type Identity = Pick<Connection, 'family' | 'ipProtocol' | 'original' | 'reply' | 'zone' | 'id'>;
const ABOUT: Record<Exclude<keyof Connection, keyof Identity>, true> = {
  status: true,
  timeoutSec: true,
  mark: true,
  tcp: true,
  originalCounters: true,
  replyCounters: true,
  startedNs: true,
  synproxy: true,
  helper: true,
  unknown: true,
};

/** A connection that a list gave out. */
export const CONNECTION: Check<Identity> = object<Identity>(
  {
    family: among<Family>(4, 6),
    ipProtocol: whole(0, 0xff),
    original: tuple,
    reply: tuple,
    zone: optional(u16),
    id: optional(u32),
  },
  Object.keys(ABOUT),
);

/** Where the addresses of a filter are in a connection. */
const PLACES = {
  source: ['original', 'source'],
  destination: ['original', 'destination'],
  replySource: ['reply', 'source'],
  replyDestination: ['reply', 'destination'],
} as const;
const NAMES = Object.keys(PLACES) as (keyof typeof PLACES)[];

/** What of a filter the kernel can look for: one address, and it would have to be all of it. */
export function kernelFilterOf(filter: ConnectionFilter): KernelFilter {
  const { family, mark, markMask = 0xffff_ffff } = filter;
  const matches = NAMES.flatMap((name) => {
    const cidr = filter[name] === undefined ? undefined : prefixOf(filter[name]);
    if (cidr?.family !== 4 || cidr.prefixLength !== 32) return [];
    const [direction, end] = PLACES[name];
    return [{ address: cidr, direction, end }];
  });
  const [match] = matches;
  return {
    ...(family !== undefined && { family }),
    ...(match !== undefined && { family: 4, match }),
    ...(mark !== undefined && { mark: { value: mark, mask: markMask } }),
  };
}

/** Says of each connection whether a filter means it. */
export function matcherOf(filter: ConnectionFilter): (connection: Connection) => boolean {
  const prefixes = NAMES.flatMap((name) => {
    const cidr = filter[name] === undefined ? undefined : prefixOf(filter[name]);
    return cidr === undefined ? [] : [[PLACES[name], cidr] as const];
  });
  const { family, ipProtocol, sourcePort, destinationPort, mark, zone, status, tcpState } = filter;
  const mask = filter.markMask ?? 0xffff_ffff;
  const isWanted = <T>(wanted: T | undefined, found: T | undefined): boolean =>
    wanted === undefined || wanted === found;
  return (connection) =>
    isWanted(family, connection.family) &&
    isWanted(ipProtocol, connection.ipProtocol) &&
    isWanted(sourcePort, connection.original.sourcePort) &&
    isWanted(destinationPort, connection.original.destinationPort) &&
    isWanted(zone, connection.zone ?? 0) &&
    isWanted(tcpState, connection.tcp?.state) &&
    (mark === undefined || (((connection.mark ?? 0) ^ mark) & mask) === 0) &&
    hasStatus(status, connection.status) &&
    prefixes.every(([[direction, end], cidr]) => isWithin(connection[direction][end], cidr));
}

function hasStatus(wanted: ConnectionStatus | undefined, found: ConnectionStatus | undefined): boolean {
  const bits = Object.entries(wanted ?? {}) as [keyof ConnectionStatus, boolean | undefined][];
  return bits.every(([name, value]) => value === undefined || found?.[name] === value);
}

function isWithin(address: string, { bytes, prefixLength, family }: Cidr): boolean {
  const ip = parseIp(address);
  if (ip?.family !== family) return false;
  return ip.bytes.every((byte, place) => {
    const bits = Math.min(8, Math.max(0, prefixLength - place * 8));
    return ((byte ^ (bytes[place] ?? 0)) & (0xff00 >> bits) & 0xff) === 0;
  });
}
