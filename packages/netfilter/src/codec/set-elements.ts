import {
  attributeList,
  attributes,
  MessageWriter,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  NFNL_SUBSYS_NFTABLES,
  optional,
  text,
  u8,
} from '@routed/netns/nfnetlink';
import {
  NFPROTO,
  NFT_MSG,
  NFTA_COUNTER_BYTES,
  NFTA_COUNTER_PACKETS,
  NFTA_DATA_VALUE,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_LIST_ELEM,
  NFTA_SET_ELEM_EXPR,
  NFTA_SET_ELEM_EXPRESSIONS,
  NFTA_SET_ELEM_EXPIRATION,
  NFTA_SET_ELEM_KEY,
  NFTA_SET_ELEM_LIST_ELEMENTS,
  NFTA_SET_ELEM_LIST_SET,
  NFTA_SET_ELEM_LIST_TABLE,
  NFTA_SET_ELEM_TIMEOUT,
} from '../uapi/nf-tables.ts';

const NLM_F_CREATE = 0x400;
const NLA_F_NESTED = 0x8000;
const HEADER_BYTES = 512;
/** An attribute has at most 64 KiB, so a list of elements does; this many of the longest keys fit. */
const ELEMENTS_PER_MESSAGE = 500;
/** Headers of the four attributes around a key, its padding, and a time-out. */
const BYTES_AROUND_KEY = 32;

/** A set of a table. */
export interface SetReference {
  readonly family: keyof typeof NFPROTO;
  readonly table: string;
  readonly set: string;
}

/** What was counted for an element. */
export interface Counter {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** An element as the kernel reports it; the key may be kept. */
export interface SetElement {
  readonly key: Uint8Array;
  /** Present in sets with a counter. */
  readonly counter?: Counter;
  /** How long it stays from when it was added, and from now; absent for one that stays. */
  readonly timeoutMs?: number;
  readonly expiresInMs?: number;
}

/** A key with how long it stays, in a set with time-outs: 1 ms and more. */
export interface TimedKey {
  readonly key: Uint8Array;
  readonly timeoutMs: number;
}

/**
 * The messages that add elements to a set, or take them away. Adding one that is there changes nothing before Linux 6.12, and only
 * its time-out since then; the kernel refuses to take away one that is not there (ENOENT), or anything in a set that is not.
 */
export function buildSetElements(
  action: 'add' | 'delete',
  set: SetReference,
  keys: readonly (Uint8Array | TimedKey)[],
): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let start = 0; start < keys.length; start += ELEMENTS_PER_MESSAGE) {
    messages.push(buildMessage(action, set, keys.slice(start, start + ELEMENTS_PER_MESSAGE)));
  }
  return messages;
}

/**
 * The messages of a transaction after which the elements are there with exactly the time-outs named here, counted from now, whether
 * or not they were there before; their counters begin at zero. On every kernel: added if they are not there, so that they can be
 * deleted, and added again.
 */
export function buildSetRenewal(set: SetReference, keys: readonly (Uint8Array | TimedKey)[]): Uint8Array[] {
  return (['add', 'delete', 'add'] as const).flatMap((action) => buildSetElements(action, set, keys));
}

/** The messages of a transaction after which the elements are not there, whether or not they were. */
export function buildSetRemoval(set: SetReference, keys: readonly Uint8Array[]): Uint8Array[] {
  return (['add', 'delete'] as const).flatMap((action) => buildSetElements(action, set, keys));
}

/** Empties a set. */
export function buildSetFlush(set: SetReference): Uint8Array {
  return setMessage(NFT_MSG.DELSETELEM, 0, set, HEADER_BYTES).finish();
}

function buildMessage(
  action: 'add' | 'delete',
  set: SetReference,
  keys: readonly (Uint8Array | TimedKey)[],
): Uint8Array {
  const [type, flags] = action === 'add' ? [NFT_MSG.NEWSETELEM, NLM_F_CREATE] : [NFT_MSG.DELSETELEM, 0];
  const elements = keys.map((key) => (key instanceof Uint8Array ? { key, timeoutMs: undefined } : key));
  const length = elements.reduce((sum, { key }) => sum + key.length + BYTES_AROUND_KEY, HEADER_BYTES);
  const writer = setMessage(type, flags, set, length);
  const nest = (attribute: number, fill: () => void): unknown => writer.nest(attribute | NLA_F_NESTED, fill);
  nest(NFTA_SET_ELEM_LIST_ELEMENTS, () => {
    for (const { key, timeoutMs } of elements) {
      nest(NFTA_LIST_ELEM, () => {
        nest(NFTA_SET_ELEM_KEY, () => writer.attribute(NFTA_DATA_VALUE, key));
        if (action === 'add' && timeoutMs !== undefined) {
          writer.attribute(NFTA_SET_ELEM_TIMEOUT, bigEndianBytes(timeoutMs));
        }
      });
    }
  });
  return writer.finish();
}

/** Asks for all elements of a set. */
export function buildSetDump(set: SetReference): Uint8Array {
  return setMessage(NFT_MSG.GETSETELEM, 0, set, HEADER_BYTES).finish();
}

function setMessage(type: number, flags: number, { family, table, set }: SetReference, length: number): MessageWriter {
  return new MessageWriter((NFNL_SUBSYS_NFTABLES << 8) | type, flags, length)
    .u8(NFPROTO[family])
    .u8(0)
    .u16(0)
    .attributeString(NFTA_SET_ELEM_LIST_TABLE, table)
    .attributeString(NFTA_SET_ELEM_LIST_SET, set);
}

/** The elements of one message of a dump. */
export function decodeSetElements({ payload }: NetlinkMessage): SetElement[] {
  const list = attributes(payload, NFGENMSG_LENGTH).get(NFTA_SET_ELEM_LIST_ELEMENTS);
  if (list === undefined) return [];
  return attributeList(list).map(([, element]) => decodeElement(element));
}

function decodeElement(bytes: Uint8Array): SetElement {
  const found = attributes(bytes);
  const key = optional(optional(found, NFTA_SET_ELEM_KEY, attributes) ?? new Map(), NFTA_DATA_VALUE, (value) => value);
  const counter =
    optional(found, NFTA_SET_ELEM_EXPR, decodeCounter) ??
    optional(found, NFTA_SET_ELEM_EXPRESSIONS, (list) => attributeList(list).map(([, each]) => decodeCounter(each))[0]);
  const timeout = optional(found, NFTA_SET_ELEM_TIMEOUT, bigEndian);
  const expiration = optional(found, NFTA_SET_ELEM_EXPIRATION, bigEndian);
  return {
    key: (key ?? new Uint8Array()).slice(),
    ...(counter !== undefined && { counter }),
    ...(timeout !== undefined && { timeoutMs: Number(timeout) }),
    ...(expiration !== undefined && { expiresInMs: Number(expiration) }),
  };
}

function decodeCounter(expression: Uint8Array): Counter | undefined {
  const found = attributes(expression);
  if (optional(found, NFTA_EXPR_NAME, text) !== 'counter') return undefined;
  const data = optional(found, NFTA_EXPR_DATA, attributes) ?? new Map<number, Uint8Array>();
  return {
    packets: optional(data, NFTA_COUNTER_PACKETS, bigEndian) ?? 0n,
    bytes: optional(data, NFTA_COUNTER_BYTES, bigEndian) ?? 0n,
  };
}

/** 64 bits in network byte order. */
export function bigEndianBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(BigUint64Array.BYTES_PER_ELEMENT);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.trunc(value)));
  return bytes;
}

/** 64 bits in network byte order. @throws NetlinkError `EBADMSG` when they are too few */
export function bigEndian(bytes: Uint8Array): bigint {
  // Refuses one that is too short, which the view would read beyond.
  u8(bytes, BigUint64Array.BYTES_PER_ELEMENT - 1);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
}
