import { isLittleEndian } from '../codec/writer.ts';
import { formatIp, type Family } from '@routed/addresses';
import {
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_TIME_EXCEEDED,
  ICMPV6_DEST_UNREACH,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVERR,
  SO_EE_ORIGIN_LOCAL,
} from '../uapi/icmp.ts';
import { AF_INET, AF_INET6 } from '../uapi/rtnetlink.ts';

/** Bytes of an IP header without options. */
export const IP_HEADER_BYTES = { 4: 20, 6: 40 } as const;
/** Type, code, checksum, identifier and sequence number. Source: RFC 792, RFC 4443. */
export const ECHO_HEADER_BYTES = 8;

/** What tells an echo from another. */
export interface EchoName {
  readonly identifier: number;
  readonly sequence: number;
}

/** What somebody says of a packet of ours that goes no further. */
export interface EchoError {
  /** Absent: the kernel does not say which packet it is about. */
  readonly echo: EchoName | undefined;
  /** Whether this host refused to send it. */
  readonly isLocal: boolean;
  readonly by: string | undefined;
  readonly reason: string;
  /** Of a packet that is too big. */
  readonly mtuBytes: number | undefined;
}

/** An echo request without its IP header. Of IPv6 the kernel adds the checksum. */
export function echoRequest(family: Family, { identifier, sequence }: EchoName, packetBytes: number): Uint8Array {
  const bytes = new Uint8Array(packetBytes - IP_HEADER_BYTES[family]);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, family === 4 ? ICMP_ECHO : ICMPV6_ECHO_REQUEST);
  view.setUint16(4, identifier);
  view.setUint16(6, sequence);
  for (let index = ECHO_HEADER_BYTES; index < bytes.length; index++) bytes[index] = index & 0xff;
  if (family === 4) view.setUint16(2, checksum(bytes));
  return bytes;
}

/** The Internet checksum of bytes whose own checksum is zero. Source: RFC 1071. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The echo that a received packet answers; `undefined` for any other packet. IPv4 sockets get the IP header, too. */
export function readReply(
  family: Family,
  packet: Uint8Array,
): { readonly echo: EchoName; readonly hopLimit: number | undefined } | undefined {
  const start = family === 4 ? ((packet[0] ?? 0) & 0xf) * 4 : 0;
  const message = packet.subarray(start);
  if (message[0] !== (family === 4 ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY)) return undefined;
  const echo = readEchoName(message);
  return echo && { echo, hopLimit: family === 4 ? packet[8] : undefined };
}

function readEchoName(message: Uint8Array): EchoName | undefined {
  if (message.length < ECHO_HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  return { identifier: view.getUint16(4), sequence: view.getUint16(6) };
}

/**
 * What a socket's queue of errors holds: the packet that it is about, without IP header, and what is said of it in control messages.
 *
 * Source: linux uapi errqueue.h `struct sock_extended_err`; net/ipv4/ip_sockglue.c `ip_icmp_error`.
 *
 * @param wordBytes of a pointer
 */
export function readError(payload: Uint8Array, control: Uint8Array, wordBytes: number): EchoError | undefined {
  const headerBytes = wordBytes + 8;
  const view = new DataView(control.buffer, control.byteOffset, control.length);
  for (let offset = 0; offset + headerBytes + 16 <= control.length;) {
    // Fits: it is below the length of the buffer.
    const length = view.getUint32(offset + (isLittleEndian ? 0 : wordBytes - 4), isLittleEndian);
    if (length < headerBytes) return undefined;
    const [level, type] = [offset + wordBytes, offset + wordBytes + 4].map((at) => view.getInt32(at, isLittleEndian));
    const isOurs = (level === IPPROTO_IP && type === IP_RECVERR) || (level === IPPROTO_IPV6 && type === IPV6_RECVERR);
    if (isOurs) return readExtendedError(control.subarray(offset + headerBytes, offset + length), payload);
    offset += Math.ceil(length / wordBytes) * wordBytes;
  }
  return undefined;
}

function readExtendedError(bytes: Uint8Array, payload: Uint8Array): EchoError {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isLocal = view.getUint8(4) === SO_EE_ORIGIN_LOCAL;
  const by = isLocal ? undefined : addressAt(bytes.subarray(16));
  const [type, code] = [view.getUint8(5), view.getUint8(6)];
  const info = view.getUint32(8, isLittleEndian);
  const isTooBig =
    isLocal || (by?.includes(':') === true ? type === ICMPV6_PKT_TOOBIG : isFragmentationNeeded(type, code));
  return {
    echo: isLocal ? undefined : readEchoName(payload),
    isLocal,
    by,
    reason: isTooBig ? 'packet too big' : reasonOf(by?.includes(':') === true ? 6 : 4, type, code),
    mtuBytes: isTooBig && info > 0 ? info : undefined,
  };
}

function isFragmentationNeeded(type: number, code: number): boolean {
  return type === ICMP_DEST_UNREACH && code === 4;
}

/** A `struct sockaddr`; `undefined` when the kernel names nobody. */
function addressAt(bytes: Uint8Array): string | undefined {
  if (bytes.length < 8) return undefined;
  const family = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, isLittleEndian);
  if (family === AF_INET) return formatIp(bytes.subarray(4, 8));
  return family === AF_INET6 && bytes.length >= 24 ? formatIp(bytes.subarray(8, 24)) : undefined;
}

/** Source: RFC 792, RFC 1812 5.2.7.1. */
const UNREACHABLE_4: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  9: 'network prohibited by an administrator',
  10: 'host prohibited by an administrator',
  13: 'prohibited by an administrator',
};
/** Source: RFC 4443 3.1. */
const UNREACHABLE_6: Readonly<Record<number, string>> = {
  0: 'no route',
  1: 'prohibited by an administrator',
  2: 'beyond the scope of the source address',
  3: 'address unreachable',
  4: 'port unreachable',
  5: 'source address refused',
  6: 'route rejects it',
};

function reasonOf(family: Family, type: number, code: number): string {
  const isUnreachable = type === (family === 4 ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH);
  const word = isUnreachable ? (family === 4 ? UNREACHABLE_4 : UNREACHABLE_6)[code] : undefined;
  if (word !== undefined) return word;
  const isExceeded = type === (family === 4 ? ICMP_TIME_EXCEEDED : ICMPV6_TIME_EXCEED);
  return isExceeded ? 'it travelled too far: routers may send it in a circle' : `ICMP type ${type} code ${code}`;
}
