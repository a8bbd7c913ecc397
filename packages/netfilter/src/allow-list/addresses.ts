import type { Family } from '@routed/netns';
import { formatIp, type IpBytes } from '@routed/netns/nfnetlink';
import { bitsOf } from './allow-list.ts';

/** The number that an address is. */
export function numberOf({ bytes }: IpBytes): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** The address that a number is, in network byte order. */
export function bytesOf(family: Family, value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(bitsOf(family) / 4, '0'), 'hex'));
}

/** Canonical text of the address that a number is. */
export function textOf(family: Family, value: bigint): string {
  return formatIp(bytesOf(family, value));
}
