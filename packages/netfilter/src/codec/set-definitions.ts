import {
  attributes,
  MessageWriter,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  NFNL_SUBSYS_NFTABLES,
  optional,
  text,
} from '@routed/netns/nfnetlink';
import {
  NFPROTO,
  NFT_MSG,
  NFT_SET,
  NFTA_EXPR_NAME,
  NFTA_SET_DESC,
  NFTA_SET_DESC_SIZE,
  NFTA_SET_EXPR,
  NFTA_SET_FLAGS,
  NFTA_SET_ID,
  NFTA_SET_KEY_LEN,
  NFTA_SET_KEY_TYPE,
  NFTA_SET_NAME,
  NFTA_SET_TABLE,
  NFTA_SET_TIMEOUT,
  NFTA_SET_USERDATA,
  NFTA_TABLE_NAME,
} from '../uapi/nf-tables.ts';
import { bigEndian, bigEndianBytes, type SetReference } from './set-elements.ts';

const NLM_F_CREATE = 0x400;
const NLA_F_NESTED = 0x8000;

/** How the kernel describes a set. */
export interface SetDefinition {
  /** Number that `nft` has for the type of the key; the kernel only keeps it. */
  readonly keyType: number;
  readonly keyBytes: number;
  /** Whether a key is a number in the byte order of the machine, which `nft` has to be told. */
  readonly isNumber?: boolean;
  readonly hasTimeouts: boolean;
  readonly hasCounters: boolean;
  /** For elements added without one of their own, 1 ms and more. */
  readonly timeoutMs?: number;
  readonly maxElements?: number;
}

/** A set as the kernel reports it. */
export interface ListedSet extends SetDefinition {
  readonly table: string;
  readonly name: string;
  /** A map, an anonymous set of a rule, or one of objects: nothing to add plain keys to. */
  readonly isOther: boolean;
}

/** For `nft`: NFTNL_UDATA_SET_KEYBYTEORDER, 4 bytes, BYTEORDER_HOST_ENDIAN. Source: libnftnl include/libnftnl/udata.h. */
const HOST_BYTE_ORDER = Uint8Array.of(0, 4, ...new Uint8Array(Uint32Array.of(1).buffer));

type TableReference = Pick<SetReference, 'family' | 'table'>;

/** Creates a table; one that is there stays as it is. */
export function buildTable({ family, table }: TableReference): Uint8Array {
  return header(NFT_MSG.NEWTABLE, NLM_F_CREATE, family).attributeString(NFTA_TABLE_NAME, table).finish();
}

/** Deletes a table with all that is in it. The kernel refuses if there is none (ENOENT). */
export function buildTableDelete({ family, table }: TableReference): Uint8Array {
  return header(NFT_MSG.DELTABLE, 0, family).attributeString(NFTA_TABLE_NAME, table).finish();
}

/**
 * Creates a set. Newer kernels refuse one that is there and different (EEXIST), older ones leave it as it is.
 *
 * @param id - tells the sets of one transaction apart
 */
export function buildSet({ family, table, set }: SetReference, definition: SetDefinition, id: number): Uint8Array {
  const { keyType, keyBytes, hasTimeouts, hasCounters, timeoutMs, maxElements } = definition;
  const writer = header(NFT_MSG.NEWSET, NLM_F_CREATE, family)
    .attributeString(NFTA_SET_TABLE, table)
    .attributeString(NFTA_SET_NAME, set)
    .attribute(NFTA_SET_FLAGS, be32(hasTimeouts ? NFT_SET.TIMEOUT : 0))
    .attribute(NFTA_SET_KEY_TYPE, be32(keyType))
    .attribute(NFTA_SET_KEY_LEN, be32(keyBytes))
    .attribute(NFTA_SET_ID, be32(id));
  if (definition.isNumber === true) writer.attribute(NFTA_SET_USERDATA, HOST_BYTE_ORDER);
  if (timeoutMs !== undefined) writer.attribute(NFTA_SET_TIMEOUT, bigEndianBytes(timeoutMs));
  if (maxElements !== undefined) {
    writer.nest(NFTA_SET_DESC | NLA_F_NESTED, () => writer.attribute(NFTA_SET_DESC_SIZE, be32(maxElements)));
  }
  if (hasCounters) {
    writer.nest(NFTA_SET_EXPR | NLA_F_NESTED, () => writer.attributeString(NFTA_EXPR_NAME, 'counter'));
  }
  return writer.finish();
}

/** Deletes a set. The kernel refuses if there is none (ENOENT), or a rule looks into it (EBUSY). */
export function buildSetDelete({ family, table, set }: SetReference): Uint8Array {
  return header(NFT_MSG.DELSET, 0, family)
    .attributeString(NFTA_SET_TABLE, table)
    .attributeString(NFTA_SET_NAME, set)
    .finish();
}

/** Asks for the sets of a table. */
export function buildSetsDump({ family, table }: TableReference): Uint8Array {
  return header(NFT_MSG.GETSET, 0, family).attributeString(NFTA_SET_TABLE, table).finish();
}

/** One row of {@link buildSetsDump}. */
export function decodeSet({ payload }: NetlinkMessage): ListedSet {
  const found = attributes(payload, NFGENMSG_LENGTH);
  const flags = optional(found, NFTA_SET_FLAGS, readBe32) ?? 0;
  const timeout = optional(found, NFTA_SET_TIMEOUT, bigEndian);
  const size = optional(found, NFTA_SET_DESC, (bytes) => optional(attributes(bytes), NFTA_SET_DESC_SIZE, readBe32));
  return {
    table: optional(found, NFTA_SET_TABLE, text) ?? '',
    name: optional(found, NFTA_SET_NAME, text) ?? '',
    keyType: optional(found, NFTA_SET_KEY_TYPE, readBe32) ?? 0,
    keyBytes: optional(found, NFTA_SET_KEY_LEN, readBe32) ?? 0,
    hasTimeouts: (flags & NFT_SET.TIMEOUT) !== 0,
    hasCounters: optional(found, NFTA_SET_EXPR, nameOfExpression) === 'counter',
    isOther: (flags & (NFT_SET.ANONYMOUS | NFT_SET.MAP | NFT_SET.OBJECT)) !== 0,
    ...(timeout !== undefined && { timeoutMs: Number(timeout) }),
    ...(size !== undefined && { maxElements: size }),
  };
}

function nameOfExpression(bytes: Uint8Array): string | undefined {
  return optional(attributes(bytes), NFTA_EXPR_NAME, text);
}

function header(type: number, flags: number, family: keyof typeof NFPROTO): MessageWriter {
  return new MessageWriter((NFNL_SUBSYS_NFTABLES << 8) | type, flags).u8(NFPROTO[family]).u8(0).u16(0);
}

function be32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function readBe32(bytes: Uint8Array): number {
  return bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
