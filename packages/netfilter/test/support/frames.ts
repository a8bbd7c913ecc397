import { bytesOf, parseAddress, parseIp } from '@routed/addresses';

/** What frames are made of. Source: RFC 826, RFC 791, RFC 768, RFC 4443, RFC 4861. */

const bytes = (text: string): number[] => Array.from(parseIp(text)!.bytes);
const mac = (text: string): number[] => text.split(':').map((digits) => parseInt(digits, 16));
const hex = (...parts: readonly number[][]): string => Buffer.from(parts.flat()).toString('hex');
const u16 = (value: number): number[] => [value >> 8, value & 0xff];

const HOST = mac('ee:ee:ee:ee:ee:ee');
const EVERYBODY = mac('ff:ff:ff:ff:ff:ff');

function checksum(data: readonly number[]): number[] {
  let sum = 0;
  for (let at = 0; at < data.length; at += 2) sum += ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return u16(~sum & 0xffff);
}

/** An ARP announcement: "I am `address`, at `from`". */
export function arpClaim(from: string, address: string): string {
  const sender = [...mac(from), ...bytes(address)];
  const target = [0, 0, 0, 0, 0, 0, ...bytes(address)];
  return hex(EVERYBODY, mac(from), [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1], sender, target);
}

/** An ICMP echo request. */
export function ping4(from: string, source: string, to: string): string {
  const icmp = [8, 0, 0, 0, 0x12, 0x34, 0, 1];
  icmp.splice(2, 2, ...checksum(icmp));
  const header = [0x45, 0, ...u16(20 + icmp.length), 0, 1, 0, 0, 64, 1, 0, 0, ...bytes(source), ...bytes(to)];
  header.splice(10, 2, ...checksum(header));
  return hex(HOST, mac(from), [0x08, 0], header, icmp);
}

function ipv6(from: string, source: string, to: string, icmp: number[]): string {
  const pseudo = [...bytes(source), ...bytes(to), 0, 0, ...u16(icmp.length), 0, 0, 0, 58];
  icmp.splice(2, 2, ...checksum([...pseudo, ...icmp]));
  const header = [0x60, 0, 0, 0, ...u16(icmp.length), 58, 255, ...bytes(source), ...bytes(to)];
  const destination = to.startsWith('ff') ? [0x33, 0x33, ...bytes(to).slice(12)] : HOST;
  return hex(destination, mac(from), [0x86, 0xdd], header, icmp);
}

/** An ICMPv6 echo request. */
export function ping6(from: string, source: string, to: string): string {
  return ipv6(from, source, to, [128, 0, 0, 0, 0x12, 0x34, 0, 1]);
}

/** A neighbour advertisement that overrides what is known: "`target` is at `from`". */
export function neighbourClaim(from: string, source: string, target: string): string {
  return ipv6(from, source, 'ff02::1', [136, 0, 0, 0, 0x20, 0, 0, 0, ...bytes(target), 2, 1, ...mac(from)]);
}

/** What duplicate address detection asks: "has anybody `target`?" */
export function neighbourProbe(from: string, target: string): string {
  const group = bytesOf({
    family: 6,
    value: parseAddress('ff02::1:ff00:0')!.value | (parseAddress(target)!.value & 0xffffffn),
  });
  const to = Buffer.from(group).toString('hex').match(/.{4}/g)!.join(':');
  return ipv6(from, '::', to, [135, 0, 0, 0, 0, 0, 0, 0, ...bytes(target)]);
}

/** A router advertisement: "I am a router, for 1800 s". */
export function routerClaim(from: string, source: string): string {
  return ipv6(from, source, 'ff02::1', [134, 0, 0, 0, 64, 0, ...u16(1800), 0, 0, 0, 0, 0, 0, 0, 0]);
}
