import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { IpamError, quoted } from './errors.ts';

/** An address as a number, so that ranges can be computed. */
export interface AddressValue {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/**
 * Reads an address strictly: four decimal numbers without leading zeros, or IPv6 in hexadecimal groups. No zone, no
 * dotted quad inside IPv6 (an IPv4-mapped address is an IPv4 address in disguise). Undefined: not such an address.
 */
export function readAddress(text: string): AddressValue | undefined {
  const family = isIP(text);
  if (family === 4)
    return { family, value: BigInt(text.split('.').reduce((bits, part) => bits * 256 + Number(part), 0)) };
  if (family !== 6 || /[%.]/.test(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return undefined;
  return { family, value: address.parts.reduce((bits, part) => (bits << 16n) | BigInt(part), 0n) };
}

/**
 * Like {@link readAddress}, for an address that must be one.
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

/** Canonical text of an address. Source: RFC 5952 for IPv6. */
export function formatAddress({ family, value }: AddressValue): string {
  if (family === 4) {
    const bits = Number(value);
    return `${String(bits >>> 24)}.${String((bits >>> 16) & 255)}.${String((bits >>> 8) & 255)}.${String(bits & 255)}`;
  }
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn));
  return new ipaddr.IPv6(groups).toRFC5952String();
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
