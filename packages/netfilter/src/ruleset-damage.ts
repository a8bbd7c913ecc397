import { attributes, type NetlinkMessage, NFGENMSG_LENGTH, optional, text, u8 } from '@routed/netns/nfnetlink';
import {
  NFPROTO,
  NFT_MSG,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_TABLE,
  NFTA_RULE_CHAIN,
  NFTA_RULE_TABLE,
  NFTA_TABLE_NAME,
} from './uapi/nf-tables.ts';

/** The low byte of a message type; the high one is the subsystem. */
const TYPE_MASK = 0xff;

/** Where rules of ours stand: a table, or some chains of it. */
export interface Whereabouts {
  readonly family: keyof typeof NFPROTO;
  readonly table: string;
  readonly chains?: readonly string[];
}

/**
 * Whether a notification of nf_tables says that a table, a chain or a rule went from one of `places`.
 *
 * What is added there is no damage: others may add to FORWARD. Source: linux net/netfilter/nf_tables_api.c `nf_tables_*_notify`.
 */
export function isDamage(message: NetlinkMessage, places: readonly Whereabouts[]): boolean {
  const gone = goneObject(message);
  if (gone === undefined) return false;
  return places.some(
    ({ family, table, chains }) =>
      NFPROTO[family] === gone.family &&
      table === gone.table &&
      (gone.chain === undefined || chains === undefined || chains.includes(gone.chain)),
  );
}

interface GoneObject {
  readonly family: number;
  readonly table: string | undefined;
  /** Absent for a whole table. */
  readonly chain?: string | undefined;
}

function goneObject({ type, payload }: NetlinkMessage): GoneObject | undefined {
  const at = (attribute: number): string | undefined => optional(attributes(payload, NFGENMSG_LENGTH), attribute, text);
  switch (type & TYPE_MASK) {
    case NFT_MSG.DELTABLE:
      return { family: u8(payload), table: at(NFTA_TABLE_NAME) };
    case NFT_MSG.DELCHAIN:
      return { family: u8(payload), table: at(NFTA_CHAIN_TABLE), chain: at(NFTA_CHAIN_NAME) ?? '' };
    case NFT_MSG.DELRULE:
      return { family: u8(payload), table: at(NFTA_RULE_TABLE), chain: at(NFTA_RULE_CHAIN) ?? '' };
    default:
      return undefined;
  }
}
