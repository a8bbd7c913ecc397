import {
  type AddressValue,
  formatAddress,
  includes,
  numberOf,
  overlaps,
  parseCidr,
  parseAddress as parse,
  type Prefix,
  prefixOf,
} from '@routed/addresses';
import { IpamError, quoted } from './errors.ts';

/**
 * Reads an address that this library gives out. No IPv4 in IPv6, neither IPv4-mapped nor as a dotted quad: that is an
 * IPv4 address in disguise.
 */
function readAddress(text: string): AddressValue | undefined {
  const address = parse(text);
  return address === undefined || isDisguised(text, address.value) ? undefined : address;
}

/**
 * Reads an address strictly: four decimal numbers without leading zeros, or IPv6 in hexadecimal groups, without zone.
 * @throws {@link IpamError} `INVALID_ADDRESS`
 */
export function parseAddress(text: string): AddressValue {
  const address = readAddress(text);
  if (address !== undefined) return address;
  throw new IpamError(
    'INVALID_ADDRESS',
    `${quoted(text)} is not an IP address: expected the form 10.1.0.2 or 2001:db8::2, without prefix length or zone`,
    { address: text },
  );
}

/**
 * The one way to write an address that every part of the program compares by.
 * @throws {@link IpamError} `INVALID_ADDRESS`
 */
export function canonicalAddress(text: string): string {
  return formatAddress(parseAddress(text));
}

/**
 * An address in canonical text; its full prefix length may be there too.
 *
 * @throws IpamError INVALID_ADDRESS
 */
export function canonicalHostAddress(text: string): string {
  return canonicalAddress(text.replace(text.includes(':') ? /\/128$/ : /\/32$/, ''));
}

/**
 * Reads `10.1.0.0/16` or `2001:db8::/64`. Host bits that are set are masked: `10.1.2.3/16` is `10.1.0.0/16`.
 * @throws {@link IpamError} `INVALID_PREFIX` for everything else, such as a bare address, `/33`, a zone, or an
 * IPv4-mapped IPv6 address
 */
export function parsePrefix(text: string): Prefix {
  const cidr = text.includes('/') ? parseCidr(text) : undefined;
  if (cidr !== undefined && !isDisguised(text, numberOf(cidr))) return prefixOf(cidr);
  throw new IpamError(
    'INVALID_PREFIX',
    `${quoted(text)} is not a prefix: expected the form 10.1.0.0/16 (length 0-32) or 2001:db8::/64 (length 0-128), ` +
      'IPv4 not written as IPv6, without zone',
    { prefix: text },
  );
}

/**
 * Tells whether `address` lies in `prefix`; an address of the other family or malformed text does not.
 * @throws {@link IpamError} `INVALID_PREFIX`
 */
export function prefixContains(prefix: Prefix | string, address: string): boolean {
  const range = toPrefix(prefix);
  const candidate = readAddress(address);
  return candidate !== undefined && includes(range, candidate);
}

/**
 * Tells whether the two have an address in common; prefixes of different families have none.
 * @throws {@link IpamError} `INVALID_PREFIX`
 */
export function prefixesOverlap(a: Prefix | string, b: Prefix | string): boolean {
  return overlaps(toPrefix(a), toPrefix(b));
}

function toPrefix(prefix: Prefix | string): Prefix {
  return typeof prefix === 'string' ? parsePrefix(prefix) : prefix;
}

function isDisguised(text: string, value: bigint): boolean {
  return text.includes(':') && (text.includes('.') || value >> 32n === 0xffffn);
}
