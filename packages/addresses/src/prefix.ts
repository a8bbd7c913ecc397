import { type AddressValue, formatAddress, numberOf } from './address.ts';
import { addressBits, type Cidr, type Family, familyOf, parseCidr } from './bytes.ts';

/** Addresses of one family from `first` to `last`, both included. */
export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** A network prefix: the range of all addresses that begin with the same bits. */
export interface Prefix extends AddressRange {
  /** The number of those bits: 0-32 or 0-128. */
  readonly length: number;
}

/** Reads `10.1.0.0/16` or `2001:db8::/64`, and clears host bits; `undefined` for anything else, such as a bare address. */
export function parsePrefix(text: string): Prefix | undefined {
  const cidr = text.includes('/') ? parseCidr(text) : undefined;
  return cidr === undefined ? undefined : prefixOf(cidr);
}

/** The prefix that an address with a prefix length lies in. */
export function prefixOf(cidr: Cidr): Prefix {
  const { family, prefixLength: length } = cidr;
  const hostBits = BigInt(addressBits(family) - length);
  const first = (numberOf(cidr) >> hostBits) << hostBits;
  return { family, length, first, last: first + (1n << hostBits) - 1n };
}

/** Canonical text of a prefix. */
export function formatPrefix({ family, first, length }: Prefix): string {
  return `${formatAddress({ family, value: first })}/${length}`;
}

/** The prefix of one address alone, as text. */
export function hostPrefix(address: string): string {
  return `${address}/${addressBits(familyOf(address))}`;
}

/** Tells whether an address lies in a range. */
export function includes({ family, first, last }: AddressRange, address: AddressValue): boolean {
  return family === address.family && first <= address.value && address.value <= last;
}

/** Tells whether every address of `inner` lies in `outer`. */
export function contains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Tells whether two ranges have an address in common. */
export function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Orders prefixes by family, then by first address, then by length. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  return a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : a.length - b.length);
}

/** Tells whether an address is in fe80::/10, and so belongs to its link alone. */
export function isLinkLocalIpv6(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
