import { formatCidr, formatIp, parseCidr, parseIp } from '@routed/addresses';

/** Canonical text of an address that was checked before. */
export function canonicalIp(address: string): string {
  const ip = parseIp(address);
  return ip === undefined ? address : formatIp(ip.bytes);
}

/** Canonical text, with prefix length, of an address or prefix that was checked before. */
export function canonicalCidr(cidr: string): string {
  const parsed = parseCidr(cidr);
  return parsed === undefined ? cidr : formatCidr(parsed);
}
