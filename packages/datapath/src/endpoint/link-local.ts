import { formatIp } from '@routed/addresses';

/** The bit that tells addresses given by administrators from those of manufacturers, which the identifier has inverted. */
const LOCALLY_ADMINISTERED = 0x02;

/**
 * The IPv6 link-local address that Linux makes of a MAC address such as 02:42:0a:01:00:02, canonical. Pure.
 *
 * Source: RFC 4291, appendix A; linux net/ipv6/addrconf.c `addrconf_ifid_eui48`.
 */
export function linkLocalOf(mac: string): string {
  const [first = 0, ...rest] = mac.split(':').map((digits) => parseInt(digits, 16));
  const [second = 0, third = 0, ...last] = rest;
  const identifier = [first ^ LOCALLY_ADMINISTERED, second, third, 0xff, 0xfe, ...last];
  return formatIp(Uint8Array.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier]));
}
