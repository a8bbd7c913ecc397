import { formatAddress, readAddress } from './address.ts';
import { IpamError, quoted } from './errors.ts';

/** A network prefix with host bits masked. */
export interface Prefix {
  readonly family: 4 | 6;
  /** Leading bits that all its addresses have in common: 0-32 or 0-128. */
  readonly length: number;
  /** Its lowest address as a number. */
  readonly first: bigint;
  /** Its highest address as a number. */
  readonly last: bigint;
}

/**
 * Reads `10.1.0.0/16` or `2001:db8::/64`. Host bits that are set are masked: `10.1.2.3/16` is `10.1.0.0/16`.
 * @throws {@link IpamError} `INVALID_PREFIX` for everything else, such as a bare address, `/33`, a zone, or an
 * IPv4-mapped IPv6 address
 */
export function parsePrefix(text: string): Prefix {
  const [, addressText = '', lengthText = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = readAddress(addressText);
  const length = Number(lengthText);
  if (address === undefined || length > addressBits(address.family)) throw invalidPrefix(text);
  const hostBits = BigInt(addressBits(address.family) - length);
  const first = (address.value >> hostBits) << hostBits;
  return { family: address.family, length, first, last: first + (1n << hostBits) - 1n };
}

/** Canonical text of a prefix. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress({ family: prefix.family, value: prefix.first })}/${String(prefix.length)}`;
}

/**
 * Tells whether `address` lies in `prefix`; an address of the other family or malformed text does not.
 * @throws {@link IpamError} `INVALID_PREFIX`
 */
export function prefixContains(prefix: Prefix | string, address: string): boolean {
  const { family, first, last } = toPrefix(prefix);
  const candidate = readAddress(address);
  return candidate?.family === family && first <= candidate.value && candidate.value <= last;
}

/**
 * Tells whether the two have an address in common; prefixes of different families have none.
 * @throws {@link IpamError} `INVALID_PREFIX`
 */
export function prefixesOverlap(a: Prefix | string, b: Prefix | string): boolean {
  const [one, other] = [toPrefix(a), toPrefix(b)];
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** Bits of an address of the family. */
export function addressBits(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

function toPrefix(prefix: Prefix | string): Prefix {
  return typeof prefix === 'string' ? parsePrefix(prefix) : prefix;
}

function invalidPrefix(text: string): IpamError {
  return new IpamError(
    'INVALID_PREFIX',
    `${quoted(text)} is not a prefix: expected the form 10.1.0.0/16 (length 0-32) or 2001:db8::/64 (length 0-128), ` +
      'IPv4 not written as IPv6, without zone',
    { prefix: text },
  );
}
