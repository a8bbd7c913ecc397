import { type Cidr, formatIp } from '../codec/ip.ts';
import { type NetlinkMessage, attributes, optional, text, u32, u8 } from '../codec/reader.ts';
import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Family } from '../types/common.ts';
import type { Rule, RuleAction, RuleSpec } from '../types/rule.ts';
import { FRA, RULE_ACTION } from '../uapi/fib-rules.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { byNumber, familyNumber, familyOf } from './tables.ts';
import { U32, U8, checkLinkName, checkRange, invalid, requirePrefix } from './validate.ts';

const FIB_RULE_HDR_LENGTH = 12;
const actionNames = byNumber<RuleAction>(RULE_ACTION);

/** RTM_NEWRULE or RTM_DELRULE. Source: linux uapi fib_rules.h `struct fib_rule_hdr`. */
export function buildRule(type: number, flags: number, spec: RuleSpec, purpose: Purpose): Uint8Array {
  const { family, priority, table, mark, protocol, inputLink, outputLink } = spec;
  const source = prefixOf(spec.source, family, purpose, 'source');
  const destination = prefixOf(spec.destination, family, purpose, 'destination');
  const writer = new MessageWriter(type, flags).u8(familyNumber(family));
  writer
    .u8(destination?.prefixLength ?? 0)
    .u8(source?.prefixLength ?? 0)
    .u8(0);
  writer
    .u8(table !== undefined && table <= 0xff ? table : 0)
    .u8(0)
    .u8(0)
    .u8(actionOf(type, spec, purpose))
    .u32(0);
  const number = (attribute: number, value: number | undefined, field: string): void => {
    if (value !== undefined) writer.attributeU32(attribute, checkRange(value, U32, purpose, field));
  };
  if (source !== undefined) writer.attribute(FRA.SRC, source.bytes);
  if (destination !== undefined) writer.attribute(FRA.DST, destination.bytes);
  number(FRA.PRIORITY, priority, 'priority');
  number(FRA.TABLE, table, 'table');
  number(FRA.FWMARK, mark, 'mark');
  if (protocol !== undefined) writer.attributeU8(FRA.PROTOCOL, checkRange(protocol, U8, purpose, 'protocol'));
  if (inputLink !== undefined) writer.attributeString(FRA.IIFNAME, checkLinkName(inputLink, purpose, 'inputLink'));
  if (outputLink !== undefined) writer.attributeString(FRA.OIFNAME, checkLinkName(outputLink, purpose, 'outputLink'));
  return writer.finish();
}

/** A deletion without action compares none. */
function actionOf(type: number, { action, table }: RuleSpec, purpose: Purpose): number {
  if (type === RTM.DELRULE && action === undefined) return 0;
  if ((action ?? 'lookup') === 'lookup' && type === RTM.NEWRULE && table === undefined) {
    throw invalid(purpose, 'table', 'a rule with action lookup needs a table');
  }
  return RULE_ACTION[action ?? 'lookup'];
}

function prefixOf(prefix: string | undefined, family: Family, purpose: Purpose, field: string): Cidr | undefined {
  if (prefix === undefined) return undefined;
  const cidr = requirePrefix(prefix, purpose, field);
  if (cidr.family !== family) throw invalid(purpose, field, `"${prefix}" is not of family ${family}`);
  return cidr;
}

/** RTM_GETRULE for one family; the kernel has no filters for rules. */
export function buildRuleDump(family: Family): Uint8Array {
  return new MessageWriter(RTM.GETRULE, 0).u8(familyNumber(family)).u8(0).u16(0).u32(0).u32(0).finish();
}

/** Decodes RTM_NEWRULE; `undefined` for other families than IP. */
export function decodeRule({ payload }: NetlinkMessage): Rule | undefined {
  const found = attributes(payload, FIB_RULE_HDR_LENGTH);
  const family = familyOf(u8(payload));
  if (family === undefined) return undefined;
  const destination = optional(found, FRA.DST, (bytes) => `${formatIp(bytes)}/${u8(payload, 1)}`);
  const source = optional(found, FRA.SRC, (bytes) => `${formatIp(bytes)}/${u8(payload, 2)}`);
  const mark = optional(found, FRA.FWMARK, u32);
  const inputLink = optional(found, FRA.IIFNAME, text);
  const outputLink = optional(found, FRA.OIFNAME, text);
  return {
    family,
    priority: optional(found, FRA.PRIORITY, u32) ?? 0,
    table: optional(found, FRA.TABLE, u32) ?? u8(payload, 4),
    action: actionNames.get(u8(payload, 7)) ?? 'other',
    protocol: optional(found, FRA.PROTOCOL, u8) ?? 0,
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
    ...(mark !== undefined && mark !== 0 && { mark }),
    ...(inputLink !== undefined && { inputLink }),
    ...(outputLink !== undefined && { outputLink }),
  };
}
