import { type Cidr, formatCidr, formatIp, hasHostBits, parseCidr, parseIp } from '@routed/addresses';

import { type AttributeSet, asNested, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asBits, asBytes, asRepeated, asText, asU16, asU32, asU64, asU8 } from '../attributes/format.ts';
import { type Check, object, optional, whole } from '../check/check.ts';
import { show } from '../check/show.ts';
import { u16, u32, u8 } from '../codec/reader.ts';
import { isLittleEndian } from '../codec/writer.ts';
import { AF_INET, AF_INET6 } from '../uapi/rtnetlink.ts';
import { asKey } from './keys.ts';
import type { Endpoint } from './types.ts';

/** Bytes of `struct sockaddr_in` and `struct sockaddr_in6`. */
const SOCKADDR_BYTES = { 4: 16, 6: 28 } as const;

const address: Check<string> = (value, field) =>
  typeof value === 'string' && parseIp(value) !== undefined
    ? undefined
    : { field, reason: `${show(value)} is not an IPv4 or IPv6 address` };

/** `struct sockaddr_in` or `struct sockaddr_in6`. Source: ip(7), ipv6(7). */
const asEndpoint: Format<Endpoint> = {
  check: object<Endpoint>({ address, port: whole(1, 0xffff), scopeIndex: optional(whole(1, 0x7fff_ffff)) }),
  encode: ({ address: text, port, scopeIndex = 0 }) => {
    const ip = parseIp(text);
    if (ip === undefined) return undefined;
    const bytes = new Uint8Array(SOCKADDR_BYTES[ip.family]);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, ip.family === 4 ? AF_INET : AF_INET6, isLittleEndian);
    view.setUint16(2, port);
    bytes.set(ip.bytes, ip.family === 4 ? 4 : 8);
    if (ip.family === 6) view.setUint32(24, scopeIndex, isLittleEndian);
    return bytes;
  },
  decode: (bytes) => {
    const port = (u8(bytes, 2) << 8) | u8(bytes, 3);
    const family = u16(bytes);
    if (family === AF_INET) return { address: formatIp(bytes.subarray(4, 8)), port };
    if (family !== AF_INET6) return undefined;
    const scopeIndex = u32(bytes, 24);
    return { address: formatIp(bytes.subarray(8, 24)), port, ...(scopeIndex !== 0 && { scopeIndex }) };
  },
};

interface AllowedAddress {
  readonly family?: number;
  readonly address?: Uint8Array;
  readonly length?: number;
}

/** Source: linux uapi wireguard.h `WGALLOWEDIP_A_*`. */
const ALLOWED: AttributeSet<AllowedAddress> = attributeSet<AllowedAddress>({
  family: [1, asU16],
  address: [2, asBytes],
  length: [3, asU8],
});

function prefixOf(text: string): Cidr | undefined {
  const cidr = parseCidr(text);
  return cidr !== undefined && !hasHostBits(cidr) ? cidr : undefined;
}

/** A prefix, whose host bits are zero: the kernel would drop them without a word. */
const asAllowed: Format<string> = {
  isNested: true,
  check: (value, field) =>
    typeof value === 'string' && prefixOf(value) !== undefined
      ? undefined
      : { field, reason: `${show(value)} is not a prefix such as 10.0.0.0/8 or fd00::7/128` },
  encode: (text) => {
    const cidr = prefixOf(text);
    if (cidr === undefined) return undefined;
    const { family, bytes, prefixLength } = cidr;
    return ALLOWED.encode({ family: family === 4 ? AF_INET : AF_INET6, address: bytes, length: prefixLength });
  },
  decode: (bytes) => {
    const { address: ip, length } = ALLOWED.decode(bytes);
    return ip === undefined || length === undefined ? undefined : formatCidr({ bytes: ip, prefixLength: length });
  },
};

/** `struct __kernel_timespec`, in milliseconds since 1970; 0: never. */
const asTime: Format<number> = {
  ...asU32,
  decode: (bytes) => {
    const [seconds = 0n, nanoseconds = 0n] = [asU64.decode(bytes), asU64.decode(bytes.subarray(8))];
    return Number(seconds) * 1000 + Math.floor(Number(nanoseconds) / 1e6);
  },
};

/** What the kernel takes, or says, of a peer. */
export interface PeerAttributes {
  readonly publicKey?: string;
  readonly flags?: { readonly remove?: boolean; readonly replacePrefixes?: boolean; readonly updateOnly?: boolean };
  readonly presharedKey?: string;
  readonly endpoint?: Endpoint;
  readonly keepaliveSec?: number;
  readonly lastHandshakeMs?: number;
  readonly rxBytes?: bigint;
  readonly txBytes?: bigint;
  readonly allowedPrefixes?: readonly string[];
  readonly protocolVersion?: number;
}

/** Source: linux uapi wireguard.h `WGPEER_A_*`, `WGPEER_F_*`. */
export const PEER: AttributeSet<PeerAttributes> = attributeSet<PeerAttributes>({
  publicKey: [1, asKey],
  presharedKey: [2, asKey],
  endpoint: [4, asEndpoint],
  keepaliveSec: [5, asU16],
  flags: [3, asBits(asU32, { remove: 1, replacePrefixes: 2, updateOnly: 4 })],
  lastHandshakeMs: [6, asTime],
  rxBytes: [7, asU64],
  txBytes: [8, asU64],
  allowedPrefixes: [9, asRepeated(asAllowed, 0, { isNested: true })],
  protocolVersion: [10, asU32],
});

/** What the kernel takes, or says, of a link. */
export interface DeviceAttributes {
  readonly index?: number;
  readonly name?: string;
  readonly privateKey?: string;
  readonly publicKey?: string;
  readonly listenPort?: number;
  readonly mark?: number;
  readonly flags?: { readonly replacePeers?: boolean };
  readonly peers?: readonly PeerAttributes[];
}

/** Source: linux uapi wireguard.h `WGDEVICE_A_*`, `WGDEVICE_F_*`. */
export const DEVICE: AttributeSet<DeviceAttributes> = attributeSet<DeviceAttributes>({
  index: [1, asU32],
  name: [2, asText],
  privateKey: [3, asKey],
  publicKey: [4, asKey],
  listenPort: [6, asU16],
  mark: [7, asU32],
  flags: [5, asBits(asU32, { replacePeers: 1 })],
  peers: [8, asRepeated(asNested(PEER, { isNested: true }), 0, { isNested: true })],
});
