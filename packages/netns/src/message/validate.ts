import { type Cidr, type IpBytes, hasHostBits, parseCidr, parseIp } from '@routed/addresses';
import { parseMac } from '../codec/mac.ts';
import { NetlinkError } from '../errors.ts';
import type { Purpose } from '../socket/channel.ts';

/** Source: linux include/net/if.h `IFNAMSIZ`, with the closing NUL. */
const NAME_BYTES = 15;
/** Source: linux uapi if.h `IFALIASZ`, with the closing NUL. */
const ALIAS_BYTES = 255;

/** The error for an argument that would not reach the kernel as it was meant. */
export function invalid(purpose: Purpose, attribute: string, reason: string): NetlinkError {
  return new NetlinkError({ code: 'EINVAL', errno: 22, ...purpose, attribute, reason });
}

/** Rejects names the kernel refuses with a bare EINVAL. Source: linux net/core/dev.c `dev_valid_name`. */
export function checkLinkName(name: string, purpose: Purpose, attribute = 'name'): string {
  const length = Buffer.byteLength(name);
  if (length < 1 || length > NAME_BYTES) {
    throw invalid(purpose, attribute, `an interface name has 1 to ${NAME_BYTES} bytes, "${name}" has ${length}`);
  }

  if (name === '.' || name === '..' || /[/:\s\0]/.test(name)) {
    throw invalid(purpose, attribute, `"${name}" is not an interface name: no slash, colon or white space`);
  }
  return name;
}

/** Rejects an alias the kernel would refuse or cut short. */
export function checkAlias(alias: string, purpose: Purpose): string {
  if (Buffer.byteLength(alias) > ALIAS_BYTES || alias.includes('\0')) {
    throw invalid(purpose, 'alias', `an alias has at most ${ALIAS_BYTES} bytes and no NUL`);
  }
  return alias;
}

/** Rejects numbers that would wrap around in the message. */
export function checkRange(
  value: number,
  [low, high]: readonly [number, number],
  purpose: Purpose,
  attribute: string,
): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw invalid(purpose, attribute, `${value} is not a whole number from ${low} to ${high}`);
  }
  return value;
}

export const U8: readonly [number, number] = [0, 0xff];
export const U32: readonly [number, number] = [0, 0xffff_ffff];
/** Interface indexes, and what the kernel keeps in a signed number. */
export const INDEX: readonly [number, number] = [1, 0x7fff_ffff];

/** Decodes a link-layer address or rejects it. */
export function requireMac(mac: string, purpose: Purpose): Uint8Array {
  const bytes = parseMac(mac);
  if (bytes === undefined) throw invalid(purpose, 'mac', `"${mac}" is not a MAC address such as 02:42:0a:00:00:07`);
  return bytes;
}

/** Decodes an address or rejects it. */
export function requireIp(address: string, purpose: Purpose, attribute: string): IpBytes {
  const ip = parseIp(address);
  if (ip === undefined) throw invalid(purpose, attribute, `"${address}" is not an IPv4 or IPv6 address`);
  return ip;
}

/** Decodes an address with an optional prefix length or rejects it. */
export function requireCidr(cidr: string, purpose: Purpose, attribute: string): Cidr {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) throw invalid(purpose, attribute, `"${cidr}" is not an address with a prefix length`);
  return parsed;
}

/** Decodes a prefix or rejects it: the kernel refuses host bits for IPv4 and drops them silently for IPv6. */
export function requirePrefix(prefix: string, purpose: Purpose, attribute: string): Cidr {
  const cidr = requireCidr(prefix, purpose, attribute);
  if (hasHostBits(cidr)) throw invalid(purpose, attribute, `"${prefix}" has bits set below its prefix length`);
  return cidr;
}
