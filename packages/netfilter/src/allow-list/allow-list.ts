import type { AddressRange } from '@routed/addresses';

/** The protocols that have ports. Source: linux uapi in.h `IPPROTO_*`. */
export const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** One port of a protocol. */
export interface Service {
  readonly protocol: keyof typeof PROTOCOLS;
  /** 1 to 65535 */
  readonly port: number;
}

/** Addresses that may enter, from `first` to `last`, both included. */
export interface AllowEntry extends AddressRange {
  /** Absent: everything may be asked for, ping included. */
  readonly service?: Service;
}

/**
 * Who may enter an endpoint: sorted, and without overlaps among entries of the same service. Empty: nobody.
 *
 * Made by {@link parseAllowList} only.
 */
export interface AllowList {
  readonly entries: readonly AllowEntry[];
}

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

/** A number for each service; 0 for entries without one. */
function serviceRank({ service }: AllowEntry): number {
  return service === undefined ? 0 : PROTOCOLS[service.protocol] * 0x10000 + service.port;
}
