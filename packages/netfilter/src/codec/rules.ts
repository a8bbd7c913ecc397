import {
  attributes,
  MessageWriter,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  NFNL_SUBSYS_NFTABLES,
  optional,
  text,
} from '@routed/netns/nfnetlink';
import { NFPROTO, NFT_MSG, NFTA_ANY_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_HANDLE } from '../uapi/nf-tables.ts';

/** What a table is made of, sets and their elements apart. */
export const PARTS = ['table', 'chain', 'rule'] as const;
type Part = (typeof PARTS)[number];

const REQUESTS: Readonly<Record<Part, number>> = {
  table: NFT_MSG.GETTABLE,
  chain: NFT_MSG.GETCHAIN,
  rule: NFT_MSG.GETRULE,
};

/** Asks for parts of a table. The kernel may send those of the other tables of the family too. */
export function buildDump(part: Part, family: keyof typeof NFPROTO, table: string): Uint8Array {
  return new MessageWriter((NFNL_SUBSYS_NFTABLES << 8) | REQUESTS[part], 0)
    .u8(NFPROTO[family])
    .u8(0)
    .u16(0)
    .attributeString(NFTA_ANY_TABLE, table)
    .finish();
}

/**
 * Text that another state of this part of `table` does not have; undefined for one of another table. A rule is its chain and
 * its handle, as no rule ever changes; a table has flags and a chain has a policy that do.
 */
export function identify(part: Part, { payload }: Pick<NetlinkMessage, 'payload'>, table: string): string | undefined {
  const found = attributes(payload, NFGENMSG_LENGTH);
  if (optional(found, NFTA_ANY_TABLE, text) !== table) return undefined;
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  // What is before the attributes counts the changes of all tables.
  if (part !== 'rule') return hex(payload.subarray(NFGENMSG_LENGTH));
  return `${optional(found, NFTA_RULE_CHAIN, text) ?? ''} ${optional(found, NFTA_RULE_HANDLE, hex) ?? ''}`;
}
