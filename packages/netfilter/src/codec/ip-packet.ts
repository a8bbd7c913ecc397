import { formatIp } from '@routed/addresses';

/** What the headers of a packet say. */
export interface IpPacket {
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** Number of the protocol above IP, after extension headers of IPv6: 6 is TCP. */
  readonly protocol: number;
  /** Of TCP, UDP, SCTP, DCCP and UDP-Lite; absent in fragments but the first, and where the bytes end before them. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Of ICMP and ICMPv6. */
  readonly icmp?: { readonly type: number; readonly code: number };
  /** As the header says it, also where fewer bytes are here. */
  readonly lengthBytes: number;
}

const ICMP = new Set([1, 58]);
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);
const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Hop-by-hop, routing, destination options, mobility, HIP, shim6. Source: IANA, IPv6 Extension Header Types. */
const EXTENSIONS = new Set([0, 43, 60, 135, 139, 140]);
/** The kernel follows no more; a longer chain is read as what stands there. */
const MOST_EXTENSIONS = 16;

/** Reads the headers of a packet that begins with that of IP; undefined when they are not here, or are none. */
export function decodeIpPacket(bytes: Uint8Array): IpPacket | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = bytes.length === 0 ? 0 : view.getUint8(0) >> 4;
  if (version === 4) return decodeIpv4(bytes, view);
  return version === 6 ? decodeIpv6(bytes, view) : undefined;
}

function decodeIpv4(bytes: Uint8Array, view: DataView): IpPacket | undefined {
  const headerBytes = bytes.length < IPV4_HEADER_BYTES ? 0 : (view.getUint8(0) & 0xf) * 4;
  if (headerBytes < IPV4_HEADER_BYTES) return undefined;
  const protocol = view.getUint8(9);
  const isLaterFragment = (view.getUint16(6) & 0x1fff) !== 0;
  return {
    family: 4,
    source: formatIp(bytes.subarray(12, 16)),
    destination: formatIp(bytes.subarray(16, 20)),
    protocol,
    ...(isLaterFragment ? {} : upperFields(view, headerBytes, protocol)),
    lengthBytes: view.getUint16(2),
  };
}

function decodeIpv6(bytes: Uint8Array, view: DataView): IpPacket | undefined {
  if (bytes.length < IPV6_HEADER_BYTES) return undefined;
  const { protocol, offset } = skipExtensions(view);
  return {
    family: 6,
    source: formatIp(bytes.subarray(8, 24)),
    destination: formatIp(bytes.subarray(24, 40)),
    protocol,
    ...(offset === undefined ? {} : upperFields(view, offset, protocol)),
    lengthBytes: view.getUint16(4) + IPV6_HEADER_BYTES,
  };
}

/** Where the header above IPv6 begins; without an offset it is not in this packet, or not in these bytes. */
function skipExtensions(view: DataView): { readonly protocol: number; readonly offset?: number } {
  let protocol = view.getUint8(6);
  let offset = IPV6_HEADER_BYTES;
  let isLaterFragment = false;
  for (let count = 0; count < MOST_EXTENSIONS; count++) {
    const isExtension = EXTENSIONS.has(protocol) || protocol === FRAGMENT || protocol === AUTHENTICATION;
    if (!isExtension || isLaterFragment) break;
    if (offset + 8 > view.byteLength) return { protocol };
    isLaterFragment = protocol === FRAGMENT && view.getUint16(offset + 2) >> 3 !== 0;
    const next = offset + extensionBytes(protocol, view.getUint8(offset + 1));
    protocol = view.getUint8(offset);
    offset = next;
  }
  return isLaterFragment ? { protocol } : { protocol, offset };
}

/** Source: RFC 8200, RFC 4302 (which counts in four bytes). */
function extensionBytes(protocol: number, length: number): number {
  if (protocol === FRAGMENT) return 8;
  return protocol === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
}

function upperFields(view: DataView, offset: number, protocol: number): Partial<IpPacket> {
  if (WITH_PORTS.has(protocol) && offset + 4 <= view.byteLength) {
    return { sourcePort: view.getUint16(offset), destinationPort: view.getUint16(offset + 2) };
  }
  if (ICMP.has(protocol) && offset + 2 <= view.byteLength) {
    return { icmp: { type: view.getUint8(offset), code: view.getUint8(offset + 1) } };
  }
  return {};
}
