import { IFNAMSIZ } from '../uapi/nf-tables.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Fields of a key start in registers of their own. Source: linux uapi nf_tables.h `NFT_REG32_SIZE`. */
const REGISTER_BYTES = 4;

/** The start of every key of ours: a link's name, filled up with zeros. */
export function nameField(link: string): Uint8Array {
  const field = new Uint8Array(IFNAMSIZ);
  field.set(encoder.encode(link));
  return field;
}

/** The link that a key starts with. */
export function linkOfKey(key: Uint8Array): string {
  const length = Math.min(key.length, IFNAMSIZ);
  let name = '';
  for (let at = 0; at < length; at++) {
    const byte = key[at] ?? 0;
    if (byte === 0) return name;
    // Of thousands of keys nearly all are ASCII: a view of each, which the decoder needs, takes longer than all else.
    if (byte > 0x7f) return decodeName(key.subarray(0, length));
    name += String.fromCharCode(byte);
  }
  return name;
}

function decodeName(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decoder.decode(end === -1 ? field : field.subarray(0, end));
}

/** A protocol, and a port in network byte order, as fields of a key. */
export function serviceFields(protocol: number, port: number): [Uint8Array, Uint8Array] {
  return [Uint8Array.of(protocol, 0, 0, 0), Uint8Array.of(port >> 8, port & 0xff, 0, 0)];
}

/** The key of a set of concatenated fields. */
export function keyOf(...fields: readonly Uint8Array[]): Uint8Array {
  const key = new Uint8Array(fields.reduce((length, field) => length + field.length, 0));
  let offset = 0;
  for (const field of fields) {
    if (field.length % REGISTER_BYTES !== 0) throw new RangeError(`a field of ${field.length} bytes is not padded`);
    key.set(field, offset);
    offset += field.length;
  }
  return key;
}
