import { decodeId64, encodeId64 } from '../codec/id64.ts';
import { u16, u32, u8 } from '../codec/reader.ts';
import { isLittleEndian } from '../codec/writer.ts';
import type { Id64 } from '../types/common.ts';
import type { NumberRange, RuleMatch } from '../types/rule.ts';
import { FRA } from '../uapi/fib-rules.ts';

/** A field of a rule that is an attribute of its own. */
export interface RuleField<T> {
  readonly attribute: number;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
  /** Whether a value means the same as none: the kernel sends some attributes always. */
  readonly isDefault: (value: T) => boolean;
}

/** Fields that are bits of the header, or that are checked as they are encoded. */
type Special = 'isInverted' | 'typeOfService' | 'source' | 'destination' | 'inputLink' | 'outputLink' | 'mark';

const never = (): boolean => false;

function packed(length: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  fill(new DataView(bytes.buffer));
  return bytes;
}

function u8Field(attribute: number, none?: number): RuleField<number> {
  return {
    attribute,
    encode: (value) => Uint8Array.of(value),
    decode: (bytes) => u8(bytes),
    isDefault: (value) => value === none,
  };
}

function u16Field(attribute: number, none?: number): RuleField<number> {
  const encode = (value: number): Uint8Array => packed(2, (view) => view.setUint16(0, value, isLittleEndian));
  return { attribute, encode, decode: (bytes) => u16(bytes), isDefault: (value) => value === none };
}

function u32Field(attribute: number, none?: number): RuleField<number> {
  const encode = (value: number): Uint8Array => packed(4, (view) => view.setUint32(0, value, isLittleEndian));
  return { attribute, encode, decode: (bytes) => u32(bytes), isDefault: (value) => value === none };
}

/** In network byte order. */
function networkField(attribute: number, none?: number): RuleField<number> {
  const encode = (value: number): Uint8Array => packed(4, (view) => view.setUint32(0, value));
  const decode = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0);
  return { attribute, encode, decode, isDefault: (value) => value === none };
}

const tunnelId: RuleField<Id64> = {
  attribute: FRA.TUN_ID,
  encode: encodeId64,
  decode: decodeId64,
  isDefault: never,
};

const isL3mdev: RuleField<boolean> = {
  attribute: FRA.L3MDEV,
  encode: (value) => Uint8Array.of(Number(value)),
  decode: (bytes) => u8(bytes) !== 0,
  isDefault: (value) => !value,
};

/** Source: linux uapi fib_rules.h `struct fib_rule_uid_range`. */
const uidRange: RuleField<NumberRange> = {
  attribute: FRA.UID_RANGE,
  encode: ({ first, last }) =>
    packed(8, (view) => {
      view.setUint32(0, first, isLittleEndian);
      view.setUint32(4, last, isLittleEndian);
    }),
  decode: (bytes) => ({ first: u32(bytes), last: u32(bytes, 4) }),
  isDefault: ({ first, last }) => first === 0 && last === 0xffff_ffff,
};

/** Source: linux uapi fib_rules.h `struct fib_rule_port_range`. */
function portsField(attribute: number): RuleField<NumberRange> {
  const encode = ({ first, last }: NumberRange): Uint8Array =>
    packed(4, (view) => {
      view.setUint16(0, first, isLittleEndian);
      view.setUint16(2, last, isLittleEndian);
    });
  return { attribute, encode, decode: (bytes) => ({ first: u16(bytes), last: u16(bytes, 2) }), isDefault: never };
}

const NONE = 0xffff_ffff;

/** Every field of a rule that is an attribute of its own; one table for both directions. */
export const RULE_FIELDS: {
  readonly [Name in Exclude<keyof RuleMatch, Special>]-?: RuleField<NonNullable<RuleMatch[Name]>>;
} = {
  markMask: u32Field(FRA.FWMASK, 0xffff_ffff),
  uidRange,
  ipProtocol: u8Field(FRA.IP_PROTO),
  sourcePorts: portsField(FRA.SPORT_RANGE),
  destinationPorts: portsField(FRA.DPORT_RANGE),
  sourcePortMask: u16Field(FRA.SPORT_MASK, 0xffff),
  destinationPortMask: u16Field(FRA.DPORT_MASK, 0xffff),
  dscp: u8Field(FRA.DSCP),
  dscpMask: u8Field(FRA.DSCP_MASK, 0x3f),
  flowLabel: networkField(FRA.FLOWLABEL),
  flowLabelMask: networkField(FRA.FLOWLABEL_MASK, 0xf_ffff),
  tunnelId,
  isL3mdev,
  realms: u32Field(FRA.FLOW),
  suppressPrefixLength: u32Field(FRA.SUPPRESS_PREFIXLEN, NONE),
  suppressGroup: u32Field(FRA.SUPPRESS_IFGROUP, NONE),
  gotoPriority: u32Field(FRA.GOTO),
};
