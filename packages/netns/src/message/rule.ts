import { type Cidr, formatIp } from '@routed/addresses';
import { type Attributes, type NetlinkMessage, attributes, optional, text, u32, u8 } from '../codec/reader.ts';
import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Family, UnknownField } from '../types/common.ts';
import type { Rule, RuleAction, RuleMatch, RuleSpec } from '../types/rule.ts';
import {
  FIB_RULE_IIF_DETACHED,
  FIB_RULE_INVERT,
  FIB_RULE_OIF_DETACHED,
  FIB_RULE_PERMANENT,
  FIB_RULE_UNRESOLVED,
  FRA,
  RULE_ACTION,
} from '../uapi/fib-rules.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { RULE_FIELDS, type RuleField } from './rule-fields.ts';
import { byNumber, familyNumber, familyOf, ruleAttribute } from './tables.ts';
import { unknownAttributes, unknownNumber } from './unknown.ts';
import { U32, U8, checkLinkName, checkRange, invalid, requirePrefix } from './validate.ts';

const FIB_RULE_HDR_LENGTH = 12;
const actionNames = byNumber<RuleAction>(RULE_ACTION);
const INACTIVE = FIB_RULE_UNRESOLVED | FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED;
const KNOWN_FLAGS = FIB_RULE_PERMANENT | FIB_RULE_INVERT | INACTIVE;

/** The table with its types forgotten: the name of a field finds a value of the type that its codec takes. */
const FIELDS = Object.entries(RULE_FIELDS) as readonly (readonly [keyof RuleMatch, RuleField<unknown>])[];

const DECODED: ReadonlySet<number> = new Set([
  FRA.DST,
  FRA.SRC,
  FRA.IIFNAME,
  FRA.OIFNAME,
  FRA.PRIORITY,
  FRA.TABLE,
  FRA.FWMARK,
  FRA.PROTOCOL,
  FRA.PAD,
  ...FIELDS.map(([, { attribute }]) => attribute),
]);

/** RTM_NEWRULE or RTM_DELRULE. Source: linux uapi fib_rules.h `struct fib_rule_hdr`. */
export function buildRule(type: number, flags: number, spec: RuleSpec, purpose: Purpose): Uint8Array {
  const { family, priority, table, mark, protocol, inputLink, outputLink, typeOfService = 0, isInverted } = spec;
  const source = prefixOf(spec.source, family, purpose, 'source');
  const destination = prefixOf(spec.destination, family, purpose, 'destination');
  const writer = new MessageWriter(type, flags).u8(familyNumber(family));
  writer
    .u8(destination?.prefixLength ?? 0)
    .u8(source?.prefixLength ?? 0)
    .u8(checkRange(typeOfService, U8, purpose, 'typeOfService'))
    .u8(table !== undefined && table <= 0xff ? table : 0)
    .u8(0)
    .u8(0)
    .u8(actionOf(type, spec, purpose))
    .u32(isInverted === true ? FIB_RULE_INVERT : 0);
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
  for (const [name, field] of FIELDS) {
    const value = spec[name];
    if (value !== undefined) writer.attribute(field.attribute, field.encode(value));
  }
  return writer.finish();
}

/** A deletion without action compares none. */
function actionOf(type: number, spec: RuleSpec, purpose: Purpose): number {
  if (type === RTM.DELRULE) return spec.action === undefined ? 0 : RULE_ACTION[spec.action];
  const { action = 'lookup', table, isL3mdev, gotoPriority } = spec;
  if (action === 'lookup' && table === undefined && isL3mdev !== true) {
    throw invalid(purpose, 'table', 'a rule with action lookup needs a table');
  }
  if (action === 'goto' && gotoPriority === undefined) {
    throw invalid(purpose, 'gotoPriority', 'a rule with action goto needs the priority of a rule to go on with');
  }
  return RULE_ACTION[action];
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
  // The kernel sends a mask alone for "mark 0 under this mask".
  const mark = optional(found, FRA.FWMARK, u32) ?? (found.has(FRA.FWMASK) ? 0 : undefined);
  const inputLink = optional(found, FRA.IIFNAME, text);
  const outputLink = optional(found, FRA.OIFNAME, text);
  const typeOfService = u8(payload, 3);
  const unknown = unknownOf(payload, found);
  const flags = u32(payload, 8);
  return {
    family,
    priority: optional(found, FRA.PRIORITY, u32) ?? 0,
    table: optional(found, FRA.TABLE, u32) ?? u8(payload, 4),
    action: actionNames.get(u8(payload, 7)) ?? 'other',
    protocol: optional(found, FRA.PROTOCOL, u8) ?? 0,
    ...((flags & FIB_RULE_INVERT) !== 0 && { isInverted: true }),
    ...((flags & INACTIVE) !== 0 && { isInactive: true }),
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
    ...(typeOfService !== 0 && { typeOfService }),
    ...(mark !== undefined && { mark }),
    ...(inputLink !== undefined && { inputLink }),
    ...(outputLink !== undefined && { outputLink }),
    ...decodeFields(found),
    ...(unknown.length > 0 && { unknown }),
  };
}

function decodeFields(found: Attributes): Partial<RuleMatch> {
  const match: Partial<Record<keyof RuleMatch, unknown>> = {};
  for (const [name, { attribute, decode, isDefault }] of FIELDS) {
    const value = optional(found, attribute, decode);
    if (value !== undefined && !isDefault(value)) match[name] = value;
  }
  return match as Partial<RuleMatch>;
}

function unknownOf(payload: Uint8Array, found: Attributes): UnknownField[] {
  const unknown = unknownAttributes(found, DECODED, ruleAttribute);
  const action = u8(payload, 7);
  const flags = (u32(payload, 8) & ~KNOWN_FLAGS) >>> 0;
  if (!actionNames.has(action)) unknown.push(unknownNumber('fib_rule_hdr.action', action));
  if (flags !== 0) unknown.push(unknownNumber('fib_rule_hdr.flags', flags));
  return unknown;
}
