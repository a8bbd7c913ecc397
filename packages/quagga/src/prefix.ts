import { hostPrefix, parsePrefix, type Prefix } from '@routed/addresses';

/** An address family as the daemons call it. */
export type Afi = 'ipv4' | 'ipv6';

/** Bits of an address: 32 or 128. */
export const ADDRESS_BITS = { ipv4: 32, ipv6: 128 } as const;

/** The family of text that is an address or a prefix. */
export function afiOf(addressOrPrefix: string): Afi {
  return addressOrPrefix.includes(':') ? 'ipv6' : 'ipv4';
}

/** A prefix as it is; of an address, that of the address alone. */
export function destinationOf(addressOrPrefix: string): string {
  return addressOrPrefix.includes('/') ? addressOrPrefix : hostPrefix(addressOrPrefix);
}

/** Parses a prefix that the model has already validated. */
export function knownPrefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new TypeError(`not a prefix: ${text}`);
  return prefix;
}
