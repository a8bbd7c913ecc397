import { isIPv4, isIPv6 } from 'node:net';

export type Family = 'ipv4' | 'ipv6';

/** Bits of an address: 32 or 128. */
export const ADDRESS_BITS = { ipv4: 32, ipv6: 128 } as const;

/** A network prefix with its host bits cleared. */
export interface Prefix {
  readonly family: Family;
  readonly bits: bigint;
  readonly length: number;
}

export function familyOf(addressOrPrefix: string): Family {
  return addressOrPrefix.includes(':') ? 'ipv6' : 'ipv4';
}

/** The address as a number, or undefined when `text` is not an address. */
export function parseAddress(text: string): bigint | undefined {
  if (isIPv4(text)) return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const embedded = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const groups = embedded === null ? text : withoutDots(embedded);
  const [head = '', tail] = groups.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function withoutDots(match: RegExpExecArray): string {
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(2).map(Number);
  return `${match[1] ?? ''}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** Parses `address/length` and clears the host bits; undefined when `text` is no prefix. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match?.[1] ?? '';
  const bits = parseAddress(address);
  const length = Number(match?.[2]);
  const family = familyOf(address);
  if (bits === undefined || length > ADDRESS_BITS[family]) return undefined;
  const hostBits = BigInt(ADDRESS_BITS[family] - length);
  return { family, bits: (bits >> hostBits) << hostBits, length };
}

/** The one spelling both daemons print: dotted quad, or shortest lower-case IPv6 (RFC 5952). */
export function formatAddress(family: Family, bits: bigint): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const runs = [
    ...groups
      .map((group) => (group === '0' ? '0' : 'x'))
      .join('')
      .matchAll(/0{2,}/g),
  ];
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest === undefined) return groups.join(':');
  const end = longest.index + longest[0].length;
  return `${groups.slice(0, longest.index).join(':')}::${groups.slice(end).join(':')}`;
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.family, prefix.bits)}/${prefix.length}`;
}

/** True when every address of `inner` lies in `outer`. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  const shift = BigInt(ADDRESS_BITS[outer.family] - outer.length);
  return outer.bits >> shift === inner.bits >> shift;
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** Orders by family, then address, then length: the order of every rendered list. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  if (a.bits !== b.bits) return a.bits < b.bits ? -1 : 1;
  return a.length - b.length;
}

/** Parses a prefix that the model has already validated. */
export function knownPrefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new TypeError(`not a prefix: ${text}`);
  return prefix;
}

/** The prefix of one address alone. */
export function hostPrefix(address: string): string {
  return `${address}/${ADDRESS_BITS[familyOf(address)]}`;
}
