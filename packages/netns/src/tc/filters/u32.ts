import { parseCidr } from '@routed/addresses';

import { attributeSet } from '../../attributes/attribute-set.ts';
import { asBytes, asU32 } from '../../attributes/format.ts';
import { type Check, type Complaint, flag, listOf, object, optional, whole } from '../../check/check.ts';
import { u32, u8 } from '../../codec/reader.ts';
import { NetlinkError } from '../../errors.ts';
import { unknownNumber } from '../../message/unknown.ts';
import type { Decoded } from '../../types/common.ts';
import type { Codec } from '../codec.ts';
import { asHandle } from '../handle.ts';
import { joined, packed } from '../packed.ts';
import type { FilterEffect, U32Key, U32Settings } from '../types.ts';
import { asActions } from './actions.ts';
import { type InSoftware, asSoftwareOnly, withoutFlags } from './hardware.ts';

/** Source: linux uapi pkt_cls.h `TC_U32_TERMINAL`, `struct tc_u32_sel`, `struct tc_u32_key`. */
const TERMINAL = 1;
const SELECTOR_BYTES = 16;
const KEY_BYTES = 16;
/** How many the number of keys has room for. */
const MOST_KEYS = 255;

const number = whole(0, 0xffff_ffff);
const key: Check<U32Key> = object<U32Key>({
  offset: whole(-0x8000_0000, 0x7fff_ffff),
  value: number,
  mask: number,
  fromNextHeader: optional(flag),
});

/** 32 bits in network byte order, whatever the machine's is. */
function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function encodeKey({ offset, value, mask, fromNextHeader = false }: U32Key): Uint8Array {
  return joined(bigEndian(mask), bigEndian((value & mask) >>> 0), packed([32, offset], [32, fromNextHeader ? -1 : 0]));
}

function decodeKey(bytes: Uint8Array): U32Key {
  const [mask, value] = [0, 4].map((start) => Buffer.from(bytes).readUInt32BE(start));
  return {
    offset: u32(bytes, 8) | 0,
    value: value ?? 0,
    mask: mask ?? 0,
    ...(u32(bytes, 12) !== 0 && { fromNextHeader: true }),
  };
}

interface U32Attributes extends FilterEffect, InSoftware {
  readonly hashTable?: number;
  readonly link?: number;
  readonly divisor?: number;
  readonly selector?: Uint8Array;
}

/** Source: linux uapi pkt_cls.h `TCA_U32_*`; the counters of single keys (9) are not read. */
const ATTRIBUTES = attributeSet<U32Attributes>(
  {
    hashTable: [2, asU32],
    link: [3, asU32],
    divisor: [4, asU32],
    classId: [1, asHandle],
    actions: [7, asActions],
    selector: [5, asBytes],
    softwareOnly: [11, asSoftwareOnly],
  },
  { readElsewhere: new Set([9, 12]) },
);

function selectorOf(keys: readonly U32Key[], isTerminal: boolean): Uint8Array {
  const head = packed([8, isTerminal ? TERMINAL : 0], [8, 0], [8, keys.length], [8, 0]);
  return joined(head, new Uint8Array(SELECTOR_BYTES - head.length), ...keys.map(encodeKey));
}

function verify({ keys, divisor }: U32Settings): Complaint | undefined {
  if ((keys === undefined) === (divisor === undefined)) {
    return { field: 'keys', reason: 'either keys or, for a hash table, divisor is needed' };
  }
  return keys !== undefined && keys.length > MOST_KEYS
    ? { field: 'keys', reason: `${keys.length} keys, ${MOST_KEYS} fit` }
    : undefined;
}

function decode(payload: Uint8Array): Decoded<U32Settings> {
  const { selector, unknown = [], ...rest } = withoutFlags(ATTRIBUTES.decode(payload));
  if (selector === undefined) return { ...rest, ...(unknown.length > 0 && { unknown }) };
  const keys = Array.from({ length: u8(selector, 2) }, (_, place) =>
    decodeKey(selector.subarray(SELECTOR_BYTES + place * KEY_BYTES)),
  );
  // Offsets into variable headers and hashing, which this library has no words for.
  const others = u8(selector) & ~TERMINAL;
  const all = others === 0 ? unknown : [...unknown, unknownNumber('tc_u32_sel.flags', others)];
  return { ...rest, keys, ...(all.length > 0 && { unknown: all }) };
}

export const U32: Codec<U32Settings> = {
  fields: {
    classId: ATTRIBUTES.fields.classId,
    actions: ATTRIBUTES.fields.actions,
    keys: optional(listOf(key)),
    hashTable: optional(number),
    link: optional(number),
    divisor: optional(whole(1, 256)),
  },
  verify,
  encode: ({ keys, classId, actions, hashTable, link, divisor }) => {
    const isTerminal = classId !== undefined || actions !== undefined;
    return ATTRIBUTES.encode({
      ...(hashTable !== undefined && { hashTable }),
      ...(link !== undefined && { link }),
      ...(divisor !== undefined && { divisor }),
      ...(classId !== undefined && { classId }),
      ...(actions !== undefined && { actions }),
      ...(keys !== undefined && { selector: selectorOf(keys, isTerminal) }),
    });
  },
  decode,
};

/** Where the addresses are in the header of IPv4 and IPv6. */
const OFFSETS = { 4: { source: 12, destination: 16 }, 6: { source: 8, destination: 24 } } as const;

/**
 * Keys that match the source or the destination address of packets: `matchPrefix('destination', '10.0.0.0/8')`. The filter's
 * protocol has to be that of the address.
 *
 * @throws {@link NetlinkError} `EINVAL` for what is no prefix
 */
export function matchPrefix(which: 'source' | 'destination', prefix: string): U32Key[] {
  const cidr = parseCidr(prefix);
  if (cidr === undefined) {
    const reason = `"${prefix}" is not an address with a prefix length`;
    throw new NetlinkError({ code: 'EINVAL', errno: 22, operation: 'filter.match', subject: '', reason });
  }
  const start = OFFSETS[cidr.family][which];
  const address = Buffer.from(cidr.bytes);
  const lengths = Array.from({ length: cidr.bytes.length / 4 }, (_, place) => cidr.prefixLength - place * 32);
  return lengths
    .map((length) => (length >= 32 ? 0xffff_ffff : ~(0xffff_ffff >>> Math.max(0, length)) >>> 0))
    .map((mask, place) => ({ offset: start + place * 4, value: (address.readUInt32BE(place * 4) & mask) >>> 0, mask }))
    .filter(({ mask }, place) => mask !== 0 || place === 0);
}
