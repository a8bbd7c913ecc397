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
  NFTA_SET_ELEM_KEY,
  NFTA_SET_ELEM_LIST_ELEMENTS,
  NFTA_SET_ELEM_LIST_SET,
  NFTA_SET_ELEM_LIST_TABLE,
} from '../uapi/nf-tables.ts';

const NLM_F_CREATE = 0x400;
const NLA_F_NESTED = 0x8000;
const HEADER_BYTES = 512;
/** An attribute has at most 64 KiB, so a list of elements does; this many of the longest keys fit. */
const ELEMENTS_PER_MESSAGE = 500;
/** Headers of the four attributes around a key, and its padding. */
const BYTES_AROUND_KEY = 20;

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
}

/**
 * The messages that add elements to a set, or take them away. Adding one that is there changes nothing; the kernel refuses to take
 * away one that is not (ENOENT), or anything in a set that is not.
 */
export function buildSetElements(
  action: 'add' | 'delete',
  set: SetReference,
  keys: readonly Uint8Array[],
): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let start = 0; start < keys.length; start += ELEMENTS_PER_MESSAGE) {
    messages.push(buildMessage(action, set, keys.slice(start, start + ELEMENTS_PER_MESSAGE)));
  }
  return messages;
}

function buildMessage(action: 'add' | 'delete', set: SetReference, keys: readonly Uint8Array[]): Uint8Array {
  const [type, flags] = action === 'add' ? [NFT_MSG.NEWSETELEM, NLM_F_CREATE] : [NFT_MSG.DELSETELEM, 0];
  const length = keys.reduce((sum, key) => sum + key.length + BYTES_AROUND_KEY, HEADER_BYTES);
  const writer = setMessage(type, flags, set, length);
  const nest = (attribute: number, fill: () => void): unknown => writer.nest(attribute | NLA_F_NESTED, fill);
  nest(NFTA_SET_ELEM_LIST_ELEMENTS, () => {
    for (const key of keys) {
      nest(NFTA_LIST_ELEM, () => {
        nest(NFTA_SET_ELEM_KEY, () => writer.attribute(NFTA_DATA_VALUE, key));
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
  return { key: (key ?? new Uint8Array()).slice(), ...(counter !== undefined && { counter }) };
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

function bigEndian(bytes: Uint8Array): bigint {
  // Refuses one that is too short, which the view would read beyond.
  u8(bytes, BigUint64Array.BYTES_PER_ELEMENT - 1);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
}
