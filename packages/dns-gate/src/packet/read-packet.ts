/** One datagram or segment of a client or a server of DNS. */
export interface Packet {
  readonly family: 4 | 6;
  /** Bytes of the address. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What is above UDP or TCP: a view. */
  readonly payload: Uint8Array;
  /** Absent for UDP. */
  readonly tcp?: Segment;
}

/** Where the payload of a TCP segment is in its stream. */
export interface Segment {
  readonly sequence: number;
  readonly isSyn: boolean;
  readonly isReset: boolean;
}

const TCP = 6;
const UDP = 17;
/** Hop-by-hop options, routing, destination options. Source: RFC 8200, section 4. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const FRAGMENT = 44;
/** No stack sends more. */
const MOST_EXTENSIONS = 8;

interface Transport {
  readonly family: 4 | 6;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly payload: Uint8Array;
}

/**
 * Reads a packet from its IP header on. Pure; any bytes may be given.
 *
 * @returns undefined for what is no whole UDP or TCP packet, fragments included
 */
export function readPacket(bytes: Uint8Array): Packet | undefined {
  const transport = readIp(bytes);
  if (transport === undefined) return undefined;
  const { family, source, destination, protocol, payload: rest } = transport;
  const view = viewOf(rest);
  const body = protocol === UDP ? readUdp(view) : protocol === TCP ? readTcp(view) : undefined;
  if (body === undefined) return undefined;
  const { start, end, tcp } = body;
  return {
    family,
    source,
    destination,
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    payload: rest.subarray(start, end),
    ...(tcp !== undefined && { tcp }),
  };
}

function readIp(bytes: Uint8Array): Transport | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return readIpv4(bytes, viewOf(bytes));
  return version === 6 ? readIpv6(bytes, viewOf(bytes)) : undefined;
}

/** Source: RFC 791, section 3.1. */
function readIpv4(bytes: Uint8Array, view: DataView): Transport | undefined {
  if (bytes.length < 20) return undefined;
  const start = (view.getUint8(0) & 0x0f) * 4;
  const end = view.getUint16(2);
  // More fragments follow, or came before.
  const isFragment = (view.getUint16(6) & 0x3fff) !== 0;
  if (start < 20 || end < start || end > bytes.length || isFragment) return undefined;
  return {
    family: 4,
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    protocol: view.getUint8(9),
    payload: bytes.subarray(start, end),
  };
}

/** Source: RFC 8200, section 3. */
function readIpv6(bytes: Uint8Array, view: DataView): Transport | undefined {
  if (bytes.length < 40) return undefined;
  const end = 40 + view.getUint16(4);
  if (end > bytes.length) return undefined;
  let protocol = view.getUint8(6);
  let start = 40;
  for (let count = 0; EXTENSIONS.has(protocol) || protocol === FRAGMENT; count++) {
    if (count === MOST_EXTENSIONS || start + 8 > end) return undefined;
    const isFragment = protocol === FRAGMENT;
    if (isFragment && (view.getUint16(start + 2) & 0xfff9) !== 0) return undefined;
    protocol = view.getUint8(start);
    start += isFragment ? 8 : (view.getUint8(start + 1) + 1) * 8;
  }
  if (start > end) return undefined;
  return {
    family: 6,
    source: bytes.subarray(8, 24),
    destination: bytes.subarray(24, 40),
    protocol,
    payload: bytes.subarray(start, end),
  };
}

interface Body {
  readonly start: number;
  readonly end: number;
  readonly tcp?: Segment;
}

/** Source: RFC 768. */
function readUdp(view: DataView): Body | undefined {
  if (view.byteLength < 8) return undefined;
  const end = view.getUint16(4);
  return end < 8 || end > view.byteLength ? undefined : { start: 8, end };
}

/** Source: RFC 9293, section 3.1. */
function readTcp(view: DataView): Body | undefined {
  if (view.byteLength < 20) return undefined;
  const start = (view.getUint8(12) >> 4) * 4;
  if (start < 20 || start > view.byteLength) return undefined;
  const flags = view.getUint8(13);
  const tcp = { sequence: view.getUint32(4), isSyn: (flags & 0x02) !== 0, isReset: (flags & 0x04) !== 0 };
  return { start, end: view.byteLength, tcp };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
