import { formatIp, parseIp } from '@routed/addresses';

import {
  type Check,
  type Fields,
  among,
  flag,
  listOf,
  object,
  optional,
  text as anyText,
  whole,
} from '../check/check.ts';
import { show } from '../check/show.ts';
import { formatMac, parseMac } from '../codec/mac.ts';
import { attributeList, text, u16, u32, u8 } from '../codec/reader.ts';
import { encodeAttributes, isLittleEndian } from '../codec/writer.ts';

/** How a value travels as the payload of an attribute. */
export interface Format<T> {
  /** What may be encoded. */
  readonly check: Check<T>;
  /** `undefined`: the attribute is left out. */
  readonly encode: (value: T) => Uint8Array | undefined;
  /** `undefined`: the bytes say something that `T` has no value for. Throws `EBADMSG` when they are too few. */
  readonly decode: (bytes: Uint8Array) => T | undefined;
  /** Whether the type carries `NLA_F_NESTED`, which generic netlink asks for. */
  readonly isNested?: boolean;
}

/** A text that is checked by decoding it. */
function textual(expected: string, parse: (text: string) => Uint8Array | undefined): Check<string> {
  return (value, field) =>
    typeof value === 'string' && parse(value) !== undefined
      ? undefined
      : { field, reason: `${show(value)} is not ${expected}` };
}

function bytesOf(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** One byte. */
export const asU8: Format<number> = {
  check: whole(0, 0xff),
  encode: (value) => Uint8Array.of(value),
  decode: (bytes) => u8(bytes),
};

/** 16 bits in the byte order of the machine. */
export const asU16: Format<number> = {
  check: whole(0, 0xffff),
  encode: (value) => bytesOf(2, (view) => view.setUint16(0, value, isLittleEndian)),
  decode: (bytes) => u16(bytes),
};

/** 32 bits in the byte order of the machine. */
export const asU32: Format<number> = {
  check: whole(0, 0xffff_ffff),
  encode: (value) => bytesOf(4, (view) => view.setUint32(0, value, isLittleEndian)),
  decode: (bytes) => u32(bytes),
};

/** 64 bits in the byte order of the machine. */
export const asU64: Format<bigint> = {
  check: (value, field) =>
    typeof value === 'bigint' && value >= 0n && value < 1n << 64n
      ? undefined
      : { field, reason: `${show(value)} is not a bigint of 64 bits` },
  encode: (value) => bytesOf(8, (view) => view.setBigUint64(0, value, isLittleEndian)),
  decode: (bytes) => {
    const low = BigInt(u32(bytes, isLittleEndian ? 0 : 4));
    return low | (BigInt(u32(bytes, isLittleEndian ? 4 : 0)) << 32n);
  },
};

/** 64 bits in the byte order of the machine, of numbers that JavaScript keeps exactly. */
export const asWhole64: Format<number> = {
  check: whole(0, Number.MAX_SAFE_INTEGER),
  encode: (value) => asU64.encode(BigInt(value)),
  decode: (bytes) => {
    const value = asU64.decode(bytes) ?? 0n;
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
  },
};

/** 16 bits in network byte order, such as a port. */
export const asBe16: Format<number> = {
  check: whole(0, 0xffff),
  encode: (value) => Uint8Array.of(value >> 8, value & 0xff),
  decode: (bytes) => (u8(bytes) << 8) | u8(bytes, 1),
};

/** 32 bits in network byte order. */
export const asBe32: Format<number> = {
  check: whole(0, 0xffff_ffff),
  encode: (value) => bytesOf(4, (view) => view.setUint32(0, value)),
  decode: (bytes) => (u8(bytes, 3), viewOf(bytes).getUint32(0)),
};

/** 64 bits in network byte order. */
export const asBe64: Format<bigint> = {
  check: asU64.check,
  encode: (value) => bytesOf(8, (view) => view.setBigUint64(0, value)),
  decode: (bytes) => (u8(bytes, 7), viewOf(bytes).getBigUint64(0)),
};

/** An attribute whose presence is its value (`NLA_FLAG`). */
export const asFlag: Format<boolean> = {
  check: flag,
  encode: (value) => (value ? new Uint8Array(0) : undefined),
  decode: () => true,
};

/** A byte that is 0 or 1. */
export const asBoolean: Format<boolean> = {
  check: flag,
  encode: (value) => Uint8Array.of(Number(value)),
  decode: (bytes) => [false, true][u8(bytes)],
};

/** A text that a zero byte ends (`NLA_NUL_STRING`). */
export const asText: Format<string> = {
  check: (value, field) =>
    anyText(value, field) ??
    (String(value).includes('\0') ? { field, reason: `${show(value)} contains a zero byte` } : undefined),
  encode: (value) => Buffer.from(`${value}\0`),
  decode: (bytes) => text(bytes),
};

/** Bytes as they are. */
export const asBytes: Format<Uint8Array> = {
  check: (value, field) =>
    value instanceof Uint8Array ? undefined : { field, reason: `${show(value)} is not a Uint8Array` },
  encode: (value) => value,
  decode: (bytes) => bytes.slice(),
};

/** A MAC address: `02:42:0a:00:00:07`. */
export const asMac: Format<string> = {
  check: textual('a MAC address such as 02:42:0a:00:00:07', parseMac),
  encode: parseMac,
  decode: (bytes) => (bytes.length === 6 ? formatMac(bytes) : undefined),
};

/** An IPv4 or IPv6 address; the length of the payload says which. */
export const asIp: Format<string> = {
  check: textual('an IPv4 or IPv6 address', (address) => parseIp(address)?.bytes),
  encode: (value) => parseIp(value)?.bytes,
  decode: (bytes) => (bytes.length === 4 || bytes.length === 16 ? formatIp(bytes) : undefined),
};

/** An IPv4 address. */
export const asIpv4: Format<string> = {
  check: textual('an IPv4 address', (address) =>
    parseIp(address)?.bytes.length === 4 ? new Uint8Array(4) : undefined,
  ),
  encode: (value) => parseIp(value)?.bytes,
  decode: (bytes) => (bytes.length === 4 ? formatIp(bytes) : undefined),
};

/** A number of `format` that stands for a word. */
export function asWord<const Word extends string>(
  format: Format<number>,
  numbers: Readonly<Record<Word, number>>,
): Format<Word> {
  const words = Object.keys(numbers) as Word[];
  const byNumber = new Map(words.map((word) => [numbers[word], word]));
  return {
    check: among<Word>(...words),
    encode: (word) => format.encode(numbers[word]),
    decode: (bytes) => byNumber.get(format.decode(bytes) ?? -1),
  };
}

/** A number of `format` with a narrower range, both ends included. */
export function inRange(format: Format<number>, low: number, high: number): Format<number> {
  return { ...format, check: whole(low, high) };
}

/** A time that the kernel counts in hundredths of a second, in milliseconds. */
export function asCentiseconds(format: Format<number>, highestMs: number): Format<number> {
  const range = whole(0, highestMs);
  return {
    check: (value, field) =>
      range(value, field) ??
      (Number(value) % 10 === 0 ? undefined : { field, reason: `${show(value)} is not a multiple of 10` }),
    encode: (value) => format.encode(value / 10),
    decode: (bytes) => {
      const value = format.decode(bytes);
      return value === undefined ? undefined : value * 10;
    },
  };
}

/** Some bits, by name. */
export type Bits<Name extends string> = Readonly<Partial<Record<Name, boolean>>>;

function bitsCheck<Name extends string>(bits: Readonly<Record<Name, number>>): Check<Bits<Name>> {
  const checks = Object.fromEntries(Object.keys(bits).map((name) => [name, optional(flag)]));
  return object<Bits<Name>>(checks as unknown as Fields<Bits<Name>>);
}

function namedBits<Name extends string>(flags: number, bits: Readonly<Record<Name, number>>): Bits<Name> | undefined {
  const names = Object.keys(bits) as Name[];
  const known = names.reduce((mask, name) => mask | bits[name], 0);
  if ((flags & ~known) !== 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, (flags & bits[name]) !== 0])) as Bits<Name>;
}

function sumOf<Name extends string>(value: Bits<Name>, bits: Readonly<Record<Name, number>>, isMeant: boolean): number {
  const names = Object.keys(bits) as Name[];
  const counted = names.filter((name) => value[name] === true || (isMeant && value[name] === false));
  return counted.reduce((mask, name) => mask | bits[name], 0) >>> 0;
}

/** Bits by name in a number of `format`; those that are not named are off. */
export function asBits<Name extends string>(
  format: Format<number>,
  bits: Readonly<Record<Name, number>>,
): Format<Bits<Name>> {
  return {
    check: bitsCheck(bits),
    encode: (value) => format.encode(sumOf(value, bits, false)),
    decode: (bytes) => namedBits(format.decode(bytes) ?? 0, bits),
  };
}

/** Bits by name and a mask of those that are meant, `struct { u32 flags, mask }`; those that are not named stay as they are. */
export function asMaskedBits<Name extends string>(bits: Readonly<Record<Name, number>>): Format<Bits<Name>> {
  return {
    check: bitsCheck(bits),
    encode: (value) =>
      bytesOf(8, (view) => {
        view.setUint32(0, sumOf(value, bits, false), isLittleEndian);
        view.setUint32(4, sumOf(value, bits, true), isLittleEndian);
      }),
    decode: (bytes) => namedBits(u32(bytes), bits),
  };
}

/** How a list of attributes travels. */
export interface ListOptions {
  /** Type of the first; each next one is one more. Default 0. */
  readonly firstType?: number;
  /** Whether the list carries `NLA_F_NESTED`. */
  readonly isNested?: boolean;
}

/** Attributes, one an item, whose types are their places. */
export function asList<T>(
  format: Format<T>,
  { firstType = 0, isNested = false }: ListOptions = {},
): Format<readonly T[]> {
  return listFormat(format, (place) => firstType + place, isNested);
}

/** Attributes of one type, one an item. */
export function asRepeated<T>(
  format: Format<T>,
  type: number,
  { isNested = false }: Pick<ListOptions, 'isNested'> = {},
): Format<readonly T[]> {
  return listFormat(format, () => type, isNested);
}

function listFormat<T>(format: Format<T>, typeOf: (place: number) => number, isNested: boolean): Format<readonly T[]> {
  return {
    check: listOf(format.check),
    isNested,
    encode: (values) => encodeAttributes(values.map((value, place) => [typeOf(place), format.encode(value), format])),
    decode: (bytes) => {
      const values = attributeList(bytes).map(([, payload]) => format.decode(payload));
      return values.every((value) => value !== undefined) ? values : undefined;
    },
  };
}
