import { isIPv4, isIPv6 } from 'node:net';

import type { Family } from '../types/common.ts';

/** An IP address in network byte order. */
export interface IpBytes {
  readonly family: Family;
  readonly bytes: Uint8Array;
}

/** An IP address with a prefix length. */
export interface Cidr extends IpBytes {
  readonly prefixLength: number;
}

/** Decodes an address; `undefined` for anything else, zone identifiers included. */
export function parseIp(address: string): IpBytes | undefined {
  if (isIPv4(address)) return { family: 4, bytes: parseIpv4(address) };
  if (isIPv6(address) && !address.includes('%')) return { family: 6, bytes: parseIpv6(address) };
  return undefined;
}

/** Decodes `address/length`, or an address alone as a host prefix; `undefined` for anything else. */
export function parseCidr(cidr: string): Cidr | undefined {
  const [address = '', length, ...rest] = cidr.split('/');
  const ip = parseIp(address);
  if (ip === undefined || rest.length > 0) return undefined;
  const bits = ip.bytes.length * 8;
  if (length === undefined) return { ...ip, prefixLength: bits };
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) return undefined;
  return { ...ip, prefixLength: Number(length) };
}

/** Whether a bit below the prefix length is set. */
export function hasHostBits({ bytes, prefixLength }: Cidr): boolean {
  return bytes.some((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefixLength - index * 8));
    return (byte & (0xff >> kept)) !== 0;
  });
}

/**
 * Canonical text of 4 or 16 bytes.
 *
 * Source: RFC 5952; IPv4-mapped addresses in mixed notation (its section 5), as inet_ntop(3) does.
 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12, 16).join('.')}`;
  }
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best[1]) best = [start, index + 1 - start];
  });
  return best;
}

function parseIpv4(address: string): Uint8Array {
  return Uint8Array.from(address.split('.'), Number);
}

function parseIpv6(address: string): Uint8Array {
  const [head = '', tail] = address.split('::');
  const front = groupBytes(head);
  const back = groupBytes(tail ?? '');
  const bytes = new Uint8Array(16);
  bytes.set(front);
  bytes.set(back, 16 - back.length);
  return bytes;
}

function groupBytes(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (group.includes('.')) return [...parseIpv4(group)];
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
