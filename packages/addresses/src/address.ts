import { isIPv4 } from 'node:net';
import { type Family, formatIp, type IpBytes, ipv4Bits, ipv4Bytes, parseIp } from './bytes.ts';

/** An IP address as a number, so that addresses can be compared and counted. */
export interface AddressValue {
  readonly family: Family;
  readonly value: bigint;
}

/** Reads an address as a number; `undefined` for anything else, zone identifiers included. */
export function parseAddress(text: string): AddressValue | undefined {
  if (isIPv4(text)) return { family: 4, value: BigInt(ipv4Bits(text)) };
  const ip = parseIp(text);
  return ip === undefined ? undefined : { family: ip.family, value: numberOf(ip) };
}

/** Canonical text of an address, as {@link formatIp} writes it. */
export function formatAddress(address: AddressValue): string {
  return formatIp(bytesOf(address));
}

/** The number of an address in network byte order. */
export function numberOf({ bytes }: Pick<IpBytes, 'bytes'>): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return bytes.length === 4 ? BigInt(view.getUint32(0)) : (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

/** An address in network byte order. */
export function bytesOf({ family, value }: AddressValue): Uint8Array {
  if (family === 4) return ipv4Bytes(Number(value));
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, value >> 64n);
  view.setBigUint64(8, value);
  return new Uint8Array(view.buffer);
}
