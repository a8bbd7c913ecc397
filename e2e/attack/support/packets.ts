import { parseIp } from '@routed/addresses';

/** What packets are made of. Source: RFC 791, 768, 793, 792, 826, 8200, 4443. */

const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

/** Numbers of protocols. Source: IANA, "Protocol Numbers". */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

export const u16 = (value: number): Buffer => Buffer.from([(value >> 8) & 0xff, value & 0xff]);
const u32 = (value: number): Buffer => Buffer.concat([u16(Math.floor(value / 0x1_0000)), u16(value & 0xffff)]);

/** The bytes of an address of either family. */
export function addressBytes(text: string): Buffer {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new RangeError(`${text} is no address`);
  return Buffer.from(parsed.bytes);
}

/** The bytes of a MAC address such as `02:42:0a:01:00:02`. */
export function macBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

function checksum(...parts: readonly Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < data.length; at += 2) sum += ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return u16(~sum & 0xffff);
}

/** Puts the checksum into `at` of a segment, which has zero there. */
function summed(segment: Buffer, at: number, ...before: readonly Buffer[]): Buffer {
  checksum(...before, segment).copy(segment, at);
  return segment;
}

/** The ends of a packet, of one family. */
export interface Ends {
  readonly source: string;
  readonly target: string;
}

function pseudoHeader({ source, target }: Ends, protocol: number, length: number): Buffer {
  const tail = source.includes(':') ? [u32(length), u32(protocol)] : [Buffer.from([0, protocol]), u16(length)];
  return Buffer.concat([addressBytes(source), addressBytes(target), ...tail]);
}

export interface Ports {
  /** @default 40000 */
  readonly from?: number;
  /** @default 7777 */
  readonly to?: number;
}

/** UDP, with a checksum. */
export function udp(ends: Ends, { from = 40_000, to = 7_777 }: Ports = {}, data = 'attack!!'): Buffer {
  const segment = Buffer.concat([u16(from), u16(to), u16(8 + data.length), u16(0), Buffer.from(data)]);
  return summed(segment, 6, pseudoHeader(ends, PROTOCOL.udp, segment.length));
}

/** Bits of TCP's header. */
export const TCP = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

/** TCP with these flags and a few bytes of data. */
export function tcp(ends: Ends, flags: number, { from = 40_000, to = 80 }: Ports = {}): Buffer {
  const numbers = [u32(1_000_000), u32((flags & TCP.ack) === 0 ? 0 : 2_000_000)];
  const header = [u16(from), u16(to), ...numbers, Buffer.from([0x50, flags]), u16(0x2000), u16(0), u16(0)];
  const segment = Buffer.concat([...header, Buffer.from('attack!!')]);
  return summed(segment, 16, pseudoHeader(ends, PROTOCOL.tcp, segment.length));
}

/** ICMP of IPv4: `rest` follows type, code and checksum. */
export function icmp(type: number, code: number, rest: Buffer = Buffer.from('12340001', 'hex')): Buffer {
  return summed(Buffer.concat([Buffer.from([type, code, 0, 0]), rest]), 2);
}

/** ICMP of IPv6. */
export function icmpv6(ends: Ends, type: number, code: number, rest: Buffer = Buffer.from('12340001', 'hex')): Buffer {
  const message = Buffer.concat([Buffer.from([type, code, 0, 0]), rest]);
  return summed(message, 2, pseudoHeader(ends, PROTOCOL.icmpv6, message.length));
}

export interface Ipv4Header extends Ends {
  readonly protocol: number;
  /** 1 to 65,535: a witness knows the packet by it. */
  readonly id: number;
  /** @default 64 */
  readonly ttl?: number;
  /** A multiple of 4 bytes. */
  readonly options?: Buffer;
  /** Flags and offset in units of 8 bytes, as they are in the header. @default 0 */
  readonly fragment?: number;
  /** @default 0 */
  readonly trafficClass?: number;
}

/** A fragment follows. */
export const MORE_FRAGMENTS = 0x2000;

export function ipv4(header: Ipv4Header, payload: Buffer): Buffer {
  const { source, target, protocol, id, ttl = 64, options = Buffer.alloc(0), fragment = 0, trafficClass = 0 } = header;
  const length = 20 + options.length;
  const start = [
    Buffer.from([0x40 | (length / 4), trafficClass]),
    u16(length + payload.length),
    u16(id),
    u16(fragment),
  ];
  const ends = [Buffer.from([ttl, protocol]), u16(0), addressBytes(source), addressBytes(target), options];
  return Buffer.concat([summed(Buffer.concat([...start, ...ends]), 10), payload]);
}

export interface Ipv6Header extends Ends {
  readonly nextHeader: number;
  /** The flow label, 1 to 65,535: a witness knows the packet by it. */
  readonly id: number;
  /** @default 64 */
  readonly hopLimit?: number;
}

export function ipv6({ source, target, nextHeader, id, hopLimit = 64 }: Ipv6Header, payload: Buffer): Buffer {
  const start = [u32(0x6000_0000 + id), u16(payload.length), Buffer.from([nextHeader, hopLimit])];
  return Buffer.concat([...start, addressBytes(source), addressBytes(target), payload]);
}

/** An extension header of IPv6 before `payload`; its own content is 6 bytes and a multiple of 8 more. */
export function extension(nextHeader: number, content: Buffer, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([nextHeader, (content.length + 2) / 8 - 1]), content, payload]);
}

/** Padding that fills an extension header of 8 bytes. */
export const PADDING = Buffer.from('010400000000', 'hex');

/** A routing header of type 4 without anything left to visit. */
export const ROUTING = Buffer.from('040000000000', 'hex');

/** A fragment header of IPv6. `offset` in bytes, a multiple of 8. */
export function fragment6(nextHeader: number, offset: number, isLast: boolean, payload: Buffer): Buffer {
  const header = [Buffer.from([nextHeader, 0]), u16(offset | (isLast ? 0 : 1)), u32(0xa77a_c4ed)];
  return Buffer.concat([...header, payload]);
}

export interface FrameEnds {
  readonly sourceMac: string;
  readonly targetMac: string;
}

/** A frame around an IP packet. */
export function frame({ sourceMac, targetMac }: FrameEnds, packet: Buffer, tags: readonly Buffer[] = []): Buffer {
  const isIpv6 = (packet[0] ?? 0) >> 4 === 6;
  const type = u16(isIpv6 ? ETHERTYPE.ipv6 : ETHERTYPE.ipv4);
  return Buffer.concat([macBytes(targetMac), macBytes(sourceMac), ...tags, type, packet]);
}

/** A VLAN tag. */
export function vlanTag(id: number, type = 0x8100): Buffer {
  return Buffer.concat([u16(type), u16(id)]);
}

export interface ArpFields {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  readonly sender: string;
  readonly target: string;
}

/** ARP over Ethernet. */
export function arp(ends: FrameEnds, { operation, senderMac, sender, target }: ArpFields): Buffer {
  const start = Buffer.from([0, 1, 8, 0, 6, 4, 0, operation === 'request' ? 1 : 2]);
  const body = [macBytes(senderMac), addressBytes(sender), Buffer.alloc(6), addressBytes(target), Buffer.alloc(18)];
  return Buffer.concat([macBytes(ends.targetMac), macBytes(ends.sourceMac), u16(ETHERTYPE.arp), start, ...body]);
}
