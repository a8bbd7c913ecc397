import { endianness } from 'node:os';
import { formatIp, parseIp } from '@routed/addresses';
import type { SetDefinition } from '../codec/set-definitions.ts';
import { keyOf, linkOfKey, nameField } from '../codec/key.ts';
import { IFNAMSIZ } from '../uapi/nf-tables.ts';

/** A field of the keys of a set, and what is written for it: a text, or a number for `protocol`, `port` and `mark`. */
export type KeyField = 'ipv4' | 'ipv6' | 'link' | 'mac' | 'protocol' | 'port' | 'mark';

/** The values of a key, one for each field: `['192.0.2.7', 443]`. */
export type Key = readonly (string | number)[];

interface Codec {
  /** Source: nftables include/datatype.h `enum datatypes`. */
  readonly nftType: number;
  readonly bytes: number;
  readonly expected: string;
  /** undefined for what is no such value. */
  readonly encode: (value: string | number) => Uint8Array | undefined;
  readonly decode: (bytes: Uint8Array) => string | number;
}

/** Bits of each type in the number of a concatenation. Source: nftables include/datatype.h `TYPE_BITS`. */
const TYPE_BITS = 6;
const REGISTER_BYTES = 4;
const isLittleEndian = endianness() === 'LE';

function numeric(nftType: number, bytes: 1 | 2 | 4, expected: string): Codec {
  const littleEndian = bytes === 4 && isLittleEndian;
  return {
    nftType,
    bytes,
    expected,
    encode(value) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= 2 ** (8 * bytes)) return;
      const field = new Uint8Array(REGISTER_BYTES);
      const view = new DataView(field.buffer);
      if (bytes === 4) view.setUint32(0, value, littleEndian);
      else if (bytes === 2) view.setUint16(0, value);
      else view.setUint8(0, value);
      return field;
    },
    decode(field) {
      const view = new DataView(field.buffer, field.byteOffset, field.length);
      if (bytes === 4) return view.getUint32(0, littleEndian);
      return bytes === 2 ? view.getUint16(0) : view.getUint8(0);
    },
  };
}

function address(nftType: number, bytes: 4 | 16, expected: string): Codec {
  return {
    nftType,
    bytes,
    expected,
    encode(value) {
      const ip = typeof value === 'string' ? parseIp(value) : undefined;
      return ip?.bytes.length === bytes ? ip.bytes : undefined;
    },
    decode: formatIp,
  };
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

const CODECS: Readonly<Record<KeyField, Codec>> = {
  ipv4: address(7, 4, 'an IPv4 address such as 192.0.2.7'),
  ipv6: address(8, 16, 'an IPv6 address such as fd00::7'),
  link: {
    nftType: 41,
    bytes: IFNAMSIZ,
    expected: 'a link name of 1 to 15 bytes',
    encode(value) {
      const length = typeof value === 'string' ? Buffer.byteLength(value) : 0;
      return length > 0 && length < IFNAMSIZ ? nameField(String(value)) : undefined;
    },
    decode: linkOfKey,
  },
  mac: {
    nftType: 9,
    bytes: 6,
    expected: 'a MAC address such as 02:42:0a:01:00:02',
    encode(value) {
      if (typeof value !== 'string' || !MAC.test(value)) return;
      return Uint8Array.from([...Buffer.from(value.replaceAll(':', ''), 'hex'), 0, 0]);
    },
    decode: (field) => Array.from(field.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join(':'),
  },
  protocol: numeric(12, 1, 'the number of a protocol above IP, 0 to 255: 6 for TCP'),
  port: numeric(13, 2, 'a port, 0 to 65535'),
  mark: numeric(19, 4, 'a mark, 0 to 4294967295'),
};

/** The names of all fields. */
export const KEY_FIELDS = Object.keys(CODECS) as readonly KeyField[];

/** The number that `nft` knows keys of these fields by, and their length: a field alone is not padded. */
export function keyShape(fields: readonly KeyField[]): Pick<SetDefinition, 'keyType' | 'keyBytes' | 'isNumber'> {
  const codecs = fields.map((field) => CODECS[field]);
  return {
    keyType: codecs.reduce((type, { nftType }) => type * 2 ** TYPE_BITS + nftType, 0),
    keyBytes: codecs.reduce((sum, { bytes }) => sum + (codecs.length === 1 ? bytes : padded(bytes)), 0),
    isNumber: fields.length === 1 && fields[0] === 'mark',
  };
}

/** The fields of a key that `nft` knows by this number; undefined for one with others. */
export function fieldsOf(keyType: number): readonly KeyField[] | undefined {
  const fields: KeyField[] = [];
  for (let rest = keyType; rest > 0; rest = Math.floor(rest / 2 ** TYPE_BITS)) {
    const field = KEY_FIELDS.find((name) => CODECS[name].nftType === rest % 2 ** TYPE_BITS);
    if (field === undefined) return undefined;
    fields.unshift(field);
  }
  return fields.length === 0 ? undefined : fields;
}

/** The bytes of a key, or what is wrong with it. */
export function encodeKey(fields: readonly KeyField[], key: Key): Uint8Array | { readonly reason: string } {
  if (key.length !== fields.length) return { reason: `${key.length} fields, expected ${fields.join(', ')}` };
  const encoded: Uint8Array[] = [];
  for (const [at, field] of fields.entries()) {
    const value = key[at] ?? '';
    const bytes = CODECS[field].encode(value);
    if (bytes === undefined) return { reason: `${JSON.stringify(value)} is not ${CODECS[field].expected}` };
    encoded.push(bytes);
  }
  return keyOf(...encoded).subarray(0, keyShape(fields).keyBytes);
}

/** The values of a key. */
export function decodeKey(fields: readonly KeyField[], bytes: Uint8Array): Key {
  let offset = 0;
  return fields.map((field) => {
    const { bytes: length, decode } = CODECS[field];
    const value = decode(bytes.subarray(offset, offset + length));
    offset += padded(length);
    return value;
  });
}

function padded(bytes: number): number {
  return Math.ceil(bytes / REGISTER_BYTES) * REGISTER_BYTES;
}
