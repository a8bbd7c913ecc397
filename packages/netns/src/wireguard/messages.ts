import { type Check, flag, listOf, object, optional, whole } from '../check/check.ts';
import type { Decoded } from '../types/common.ts';
import type { LinkSelector } from '../types/link.ts';
import { DEVICE, type DeviceAttributes, PEER, type PeerAttributes } from './attributes.ts';
import { asKey, isNoKey } from './keys.ts';
import type { Peer, PeerChange, WireguardChange, WireguardDevice } from './types.ts';

const prefixes = optional(PEER.fields.allowedPrefixes);
const peerFields = object<PeerChange>({
  publicKey: asKey.check,
  presharedKey: optional(asKey.check),
  endpoint: PEER.fields.endpoint,
  keepaliveSec: PEER.fields.keepaliveSec,
  allowedPrefixes: prefixes,
  moreAllowedPrefixes: prefixes,
  updateOnly: optional(flag),
  remove: optional(flag),
});
const peer: Check<PeerChange> = (value, field) => {
  const complaint = peerFields(value, field);
  if (complaint !== undefined) return complaint;
  const { allowedPrefixes, moreAllowedPrefixes } = value as PeerChange;
  return allowedPrefixes === undefined || moreAllowedPrefixes === undefined
    ? undefined
    : { field: `${field}.moreAllowedPrefixes`, reason: 'allowedPrefixes says all of them: give one of the two' };
};

export const CHANGE: Check<WireguardChange> = object<WireguardChange>({
  privateKey: optional(asKey.check),
  listenPort: optional(whole(0, 0xffff)),
  mark: optional(whole(0, 0xffff_ffff)),
  peers: optional(listOf(peer)),
  replacePeers: optional(flag),
});

/** Prefixes of one peer in one message: 44 bytes each. */
const PREFIXES_TOGETHER = 400;
/** Peers take up to so many bytes of a message: the length of an attribute is a number of 16 bits. */
const MOST_BYTES = 32_768;
/** Attributes of a peer besides its prefixes, and of each prefix. */
const PEER_BYTES = 136;
const PREFIX_BYTES = 44;

/** The attributes of the messages that make a change, in their order: as many as it needs, at least one. */
export function encodeChange(selector: LinkSelector, change: WireguardChange): Uint8Array[] {
  const { peers = [], replacePeers, ...settings } = change;
  const target = targetOf(selector);
  const flags = replacePeers === true && { flags: { replacePeers } };
  const [first, ...others] = packed(peers.flatMap(pieces));
  return [
    DEVICE.encode({ ...target, ...settings, ...flags, ...(first && { peers: first }) }),
    ...others.map((part) => DEVICE.encode({ ...target, peers: part })),
  ];
}

/** The attribute that names a link. */
export function targetOf(selector: LinkSelector): DeviceAttributes {
  return 'index' in selector ? { index: selector.index } : { name: selector.name };
}

/** A peer in parts that each fit: the first says what it is, the others have more of its prefixes. */
function pieces(change: PeerChange): PeerAttributes[] {
  const { allowedPrefixes, moreAllowedPrefixes, updateOnly = false, remove = false, ...rest } = change;
  const replacePrefixes = allowedPrefixes !== undefined;
  const all = allowedPrefixes ?? moreAllowedPrefixes ?? [];
  const hasFlags = replacePrefixes || updateOnly || remove;
  const parts: PeerAttributes[] = [
    {
      ...rest,
      ...(hasFlags && { flags: { replacePrefixes, updateOnly, remove } }),
      ...(all.length > 0 && { allowedPrefixes: all.slice(0, PREFIXES_TOGETHER) }),
    },
  ];
  for (let start = PREFIXES_TOGETHER; start < all.length; start += PREFIXES_TOGETHER) {
    const more = { publicKey: rest.publicKey, allowedPrefixes: all.slice(start, start + PREFIXES_TOGETHER) };
    parts.push(updateOnly ? { ...more, flags: { updateOnly } } : more);
  }
  return parts;
}

/** Peers by message. */
function packed(peers: readonly PeerAttributes[]): PeerAttributes[][] {
  const parts: PeerAttributes[][] = [];
  let room = 0;
  for (const one of peers) {
    const size = PEER_BYTES + (one.allowedPrefixes?.length ?? 0) * PREFIX_BYTES;
    if (size > room) {
      parts.push([]);
      room = MOST_BYTES;
    }
    room -= size;
    parts.at(-1)?.push(one);
  }
  return parts;
}

/** The link that the rows of one dump describe; a peer with many prefixes is in several. @throws {@link NetlinkError} `EBADMSG` */
export function decodeDevice(rows: readonly Uint8Array[]): WireguardDevice | undefined {
  const parts = rows.map((row) => DEVICE.decode(row));
  const [first] = parts;
  if (first === undefined) return undefined;
  const {
    index = 0,
    name = '',
    privateKey,
    publicKey,
    listenPort = 0,
    mark = 0,
    unknown,
  }: Decoded<DeviceAttributes> = first;
  return {
    index,
    name,
    listenPort,
    ...(hasKey(privateKey) && { privateKey }),
    ...(hasKey(publicKey) && { publicKey }),
    ...(mark !== 0 && { mark }),
    peers: peersOf(parts.flatMap(({ peers = [] }) => peers)),
    ...(unknown && { unknown }),
  };
}

function peersOf(parts: readonly Omit<Decoded<PeerAttributes>, 'flags'>[]): Peer[] {
  const peers = new Map<string, Peer>();
  for (const part of parts) {
    const { publicKey = '', presharedKey, keepaliveSec = 0, lastHandshakeMs = 0, ...rest } = part;
    const before = peers.get(publicKey);
    const allowedPrefixes = [...(before?.allowedPrefixes ?? []), ...(rest.allowedPrefixes ?? [])];
    peers.set(publicKey, {
      ...(before ?? {
        ...rest,
        publicKey,
        ...(hasKey(presharedKey) && { presharedKey }),
        ...(keepaliveSec !== 0 && { keepaliveSec }),
        ...(lastHandshakeMs !== 0 && { lastHandshakeMs }),
      }),
      allowedPrefixes,
    });
  }
  return [...peers.values()];
}

function hasKey(key: string | undefined): key is string {
  return key !== undefined && !isNoKey(key);
}
