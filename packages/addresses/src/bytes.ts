import { isIPv4, isIPv6 } from 'node:net';

const [ZERO, DOT] = ['0'.charCodeAt(0), '.'.charCodeAt(0)] as const;

/** IP version. */
export type Family = 4 | 6;

/** An IP address in network byte order: 4 or 16 bytes. */
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
  if (isIPv4(address)) return { family: 4, bytes: ipv4Bytes(ipv4Bits(address)) };
  if (isIPv6(address) && !address.includes('%')) return { family: 6, bytes: ipv6Bytes(address) };
  return undefined;
}

/** Decodes `address/length`, or an address alone as a host prefix; `undefined` for anything else. */
export function parseCidr(cidr: string): Cidr | undefined {
  const slash = cidr.indexOf('/');
  const ip = parseIp(slash === -1 ? cidr : cidr.slice(0, slash));
  if (ip === undefined) return undefined;
  const { family, bytes } = ip;
  const bits = addressBits(family);
  if (slash === -1) return { family, bytes, prefixLength: bits };
  const length = cidr.slice(slash + 1);
  const prefixLength = Number(length);
  // Written as the number is: without zeros before it, a sign, a point.
  if (!(prefixLength >= 0 && prefixLength <= bits) || String(prefixLength) !== length) return undefined;
  return { family, bytes, prefixLength };
}

/** Canonical text of an address with its prefix length. */
export function formatCidr({ bytes, prefixLength }: Omit<Cidr, 'family'>): string {
  return `${formatIp(bytes)}/${prefixLength}`;
}

/** Tells whether a bit below the prefix length is set. */
export function hasHostBits({ bytes, prefixLength }: Cidr): boolean {
  for (let index = prefixLength >> 3; index < bytes.length; index++) {
    const kept = Math.max(0, prefixLength - index * 8);
    if (((bytes[index] ?? 0) & (0xff >> kept)) !== 0) return true;
  }
  return false;
}

/**
 * Canonical text of 4 or 16 bytes.
 *
 * Source: RFC 5952; IPv4-mapped addresses in mixed notation (its section 5), as inet_ntop(3) does.
 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (isIpv4Mapped(bytes)) return `::ffff:${bytes.subarray(12, 16).join('.')}`;
  const zeros = longestZeroRun(bytes);
  let text = zeros.start === 0 ? ':' : '';
  for (let group = 0; group < 8; group++) {
    if (group === zeros.start) text += ':';
    if (group >= zeros.start && group < zeros.end) continue;
    text += (((bytes[group * 2] ?? 0) << 8) | (bytes[group * 2 + 1] ?? 0)).toString(16);
    if (group < 7) text += ':';
  }
  return text;
}

/** Tells whether 16 bytes are an IPv4 address written as IPv6. Source: RFC 4291 section 2.5.5.2. */
function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** The family of text that is an address or a prefix. */
export function familyOf(text: string): Family {
  return text.includes(':') ? 6 : 4;
}

/** Bits of an address of the family. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** The longest run of two or more groups that are zero, the first of equals. */
function longestZeroRun(bytes: Uint8Array): { readonly start: number; readonly end: number } {
  let [start, end, from] = [0, 1, 0];
  for (let group = 0; group < 8; group++) {
    if (bytes[group * 2] !== 0 || bytes[group * 2 + 1] !== 0) from = group + 1;
    else if (group + 1 - from > end - start) [start, end] = [from, group + 1];
  }
  return end - start > 1 ? { start, end } : { start: 8, end: 8 };
}

/** The 32 bits of an IPv4 address that `isIPv4` has accepted. */
export function ipv4Bits(address: string): number {
  let [bits, octet] = [0, 0];
  for (let index = 0; index < address.length; index++) {
    const code = address.charCodeAt(index);
    if (code === DOT) [bits, octet] = [bits * 256 + octet, 0];
    else octet = octet * 10 + code - ZERO;
  }
  return bits * 256 + octet;
}

/** The four bytes of 32 bits. */
export function ipv4Bytes(bits: number): Uint8Array {
  const bytes = new Uint8Array(4);
  bytes[0] = bits >>> 24;
  bytes[1] = bits >>> 16;
  bytes[2] = bits >>> 8;
  bytes[3] = bits;
  return bytes;
}

function ipv6Bytes(address: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let [at, gap] = [0, -1];
  for (const part of address.split(':')) {
    if (part === '') gap = gap === -1 ? at : gap;
    else if (part.includes('.')) {
      bytes.set(ipv4Bytes(ipv4Bits(part)), at);
      at += 4;
    } else {
      const group = Number.parseInt(part, 16);
      bytes[at] = group >> 8;
      bytes[at + 1] = group;
      at += 2;
    }
  }
  if (gap === -1) return bytes;
  const tail = 16 - (at - gap);
  return bytes.copyWithin(tail, gap, at).fill(0, gap, tail);
}
