import type { AddressRange } from '@routed/addresses';

/** The protocols that have ports. Source: linux uapi in.h `IPPROTO_*`. */
export const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** Which end of a connection a list is about: who may open connections to a container, or where the container may. */
export type Direction = 'ingress' | 'egress';

/** Both of them, in the order in which people are told of them. */
export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** Ports of a protocol, from `firstPort` to `lastPort`, both included. */
export interface Service {
  readonly protocol: keyof typeof PROTOCOLS;
  /** 1 to 65535 */
  readonly firstPort: number;
  readonly lastPort: number;
}

/** Addresses of allowed peers, from `first` to `last`, both included. */
export interface AllowEntry extends AddressRange {
  /** The ports of the one who is connected to. Absent: everything may be asked for, ping included. */
  readonly service?: Service;
}

/** Destinations by name: what the container's name servers say that the name is. */
export interface NamedEntry {
  /** A host name, or `*.` and a host name, where `*` stands for one label. */
  readonly name: string;
  /** As in {@link AllowEntry}. */
  readonly service?: Service;
}

/**
 * The peers of an endpoint in one direction: sorted, and without overlaps among entries of the same service. Empty: nobody.
 *
 * Made by {@link parseAllowList} only.
 */
export interface AllowList {
  readonly entries: readonly AllowEntry[];
  /** Of lists of destinations; absent: none. */
  readonly names?: readonly NamedEntry[];
}

/** How many numbers of ports there are, 0 included. */
export const PORTS = 0x10000;

/**
 * Sorts entries, and joins those of the same family and service that overlap or touch. Pure.
 */
export function mergeEntries(entries: readonly AllowEntry[]): AllowEntry[] {
  const merged: AllowEntry[] = [];
  for (const entry of [...entries].sort(byServiceAndAddress)) {
    const last = merged.at(-1);
    if (last === undefined || !isSameKind(last, entry) || entry.first > last.last + 1n) merged.push(entry);
    else if (entry.last > last.last) merged[merged.length - 1] = { ...last, last: entry.last };
  }
  return merged;
}

function byServiceAndAddress(one: AllowEntry, other: AllowEntry): number {
  return (
    one.family - other.family ||
    serviceRank(one) - serviceRank(other) ||
    (one.first < other.first ? -1 : one.first > other.first ? 1 : 0)
  );
}

function isSameKind(one: AllowEntry, other: AllowEntry): boolean {
  return one.family === other.family && serviceRank(one) === serviceRank(other);
}

/** Sorts entries by name, and drops those that are there twice. Pure. */
export function sortNames(names: readonly NamedEntry[]): NamedEntry[] {
  const byText = new Map(names.map((entry) => [`${entry.name} ${String(serviceRank(entry)).padStart(12)}`, entry]));
  return [...byText].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
}

/** A number for each service; 0 for entries without one. */
function serviceRank({ service }: { readonly service?: Service }): number {
  if (service === undefined) return 0;
  return (PROTOCOLS[service.protocol] * PORTS + service.firstPort) * PORTS + service.lastPort;
}
