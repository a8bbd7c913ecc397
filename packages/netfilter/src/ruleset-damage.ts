import { attributes, type NetlinkMessage, NFGENMSG_LENGTH, optional, text, u8 } from '@routed/netns/nfnetlink';
import {
  NFPROTO,
  NFT_MSG,
  NFTA_ANY_TABLE,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_TABLE,
  NFTA_RULE_CHAIN,
  NFTA_RULE_TABLE,
  NFTA_TABLE_NAME,
} from './uapi/nf-tables.ts';

/** The low byte of a message type; the high one is the subsystem. */
const TYPE_MASK = 0xff;

/** The families of the two tables of `EndpointFilters`. */
export const FAMILIES = ['inet', 'arp'] as const;

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

/**
 * Whether a notification says that somebody else than the socket of `ownPort`, or anybody if that is undefined, changed anything of
 * `tables`: their rules, or elements of their sets. What comes is damage there as well: it lets in, or it drops.
 */
export function isForeignChange(
  message: NetlinkMessage,
  tables: readonly Whereabouts[],
  ownPort: number | undefined,
): boolean {
  const { type, payload, portId } = message;
  if ((type & TYPE_MASK) > NFT_MSG.DELSETELEM || portId === ownPort) return false;
  const family = u8(payload);
  if (!tables.some((table) => NFPROTO[table.family] === family)) return false;
  const name = optional(attributes(payload, NFGENMSG_LENGTH), NFTA_ANY_TABLE, text);
  return tables.some(({ family: own, table }) => NFPROTO[own] === family && table === name);
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
