import {
  attributes,
  MessageWriter,
  type NetlinkMessage,
  NFGENMSG_LENGTH,
  NFNL_SUBSYS_NFTABLES,
  optional,
  text,
} from '@routed/netns/nfnetlink';
import { NFPROTO, NFT_MSG, NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_TABLE } from '../uapi/nf-tables.ts';

/** Asks for the rules of a table. Kernels before 5.x send those of the other tables of the family too. */
export function buildRuleDump(family: keyof typeof NFPROTO, table: string): Uint8Array {
  return new MessageWriter((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG.GETRULE, 0)
    .u8(NFPROTO[family])
    .u8(0)
    .u16(0)
    .attributeString(NFTA_RULE_TABLE, table)
    .finish();
}

/** Names one rule of `table` for as long as it is there: its chain and its handle; undefined for one of another table. */
export function identifyRule({ payload }: NetlinkMessage, table: string): string | undefined {
  const found = attributes(payload, NFGENMSG_LENGTH);
  if (optional(found, NFTA_RULE_TABLE, text) !== table) return undefined;
  const handle = optional(found, NFTA_RULE_HANDLE, (bytes) => Buffer.from(bytes).toString('hex'));
  return `${optional(found, NFTA_RULE_CHAIN, text) ?? ''} ${handle ?? ''}`;
}
