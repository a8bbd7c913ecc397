import { type Check, type Complaint, type Fields, among, optional, whole } from '../check/check.ts';
import { show } from '../check/show.ts';
import type { Format } from '../attributes/format.ts';
import { asU32 } from '../attributes/format.ts';
import { u16, u32, u8 } from '../codec/reader.ts';
import type { RateOptions } from './qdisc-settings.ts';
import { packed, words } from './packed.ts';

/** Times of the kernel's packet scheduler count in 64 ns. Source: linux include/net/pkt_sched.h `PSCHED_SHIFT`. */
const TICKS_PER_US = 1000 / 64;
const US_PER_SEC = 1e6;
const LARGEST_U32 = 0xffff_ffff;

/** Bytes of `struct tc_ratespec`. */
export const RATE_BYTES = 12;
/** Places of the table of transmission times. Source: linux net/sched/sch_api.c `qdisc_get_rtab`. */
const PLACES = 256;
const LINK_LAYER = { ethernet: 1, atm: 2 } as const;

const bits = whole(8, Number.MAX_SAFE_INTEGER - 7);

/** A rate in bits per second. The kernel counts bytes. */
export const RATE: Check<number> = (value, field) =>
  bits(value, field) ??
  (Number(value) % 8 === 0 ? undefined : { field, reason: `${show(value)} is not a multiple of 8` });

/** A rate that travels as 32 bits of bytes per second, in bits per second. */
export const asRate: Format<number> = {
  check: (value, field) => whole(0, LARGEST_U32 * 8)(value, field) ?? (value === 0 ? undefined : RATE(value, field)),
  encode: (value) => asU32.encode(value / 8),
  decode: (bytes) => u32(bytes) * 8,
};

export const RATE_OPTIONS: Fields<RateOptions> = {
  overheadBytes: optional(whole(0, 0xffff)),
  mpuBytes: optional(whole(0, 0xffff)),
  linkLayer: optional(among('ethernet', 'atm')),
};

/** How long `bytes` take at a rate, in ticks of the kernel. */
export function ticksOf(bytes: number, rateBitsPerSec: number): number {
  return Math.trunc(US_PER_SEC * (bytes / (rateBitsPerSec / 8)) * TICKS_PER_US);
}

/** How many bytes a rate allows in so many ticks. */
export function bytesIn(ticks: number, rateBitsPerSec: number): number {
  return Math.round(((rateBitsPerSec / 8) * (ticks / TICKS_PER_US)) / US_PER_SEC);
}

/** Refuses bursts that take longer than the kernel has numbers for: 274 s. */
export function checkBurst(bytes: number | undefined, rateBitsPerSec: number, field: string): Complaint | undefined {
  if (bytes === undefined || ticksOf(bytes, rateBitsPerSec) <= LARGEST_U32) return undefined;
  return { field, reason: `${bytes} bytes take longer than 274 s at ${rateBitsPerSec} bit/s` };
}

/** A rate as the kernel takes it. */
export interface EncodedRate {
  /** `struct tc_ratespec`. */
  readonly spec: Uint8Array;
  /** What sizes of packets take, in ticks. Policing does not work without it; shaping has not needed it since 3.8. */
  readonly table: Uint8Array;
  /** Bytes per second, if they are more than 32 bits hold. */
  readonly rate64?: number;
}

/**
 * @param largestBytes - the size of packet that the table has to reach
 * Source: iproute2 tc/tc_core.c `tc_calc_rtable`, linux uapi pkt_sched.h `struct tc_ratespec`.
 */
export function encodeRate(rateBitsPerSec: number, options: RateOptions, largestBytes = 2047): EncodedRate {
  const { overheadBytes = 0, mpuBytes = 0, linkLayer = 'ethernet' } = options;
  const rate = rateBitsPerSec / 8;
  let cellLog = 0;
  while (largestBytes >> cellLog > PLACES - 1) cellLog++;
  const sizes = Array.from({ length: PLACES }, (_, place) => Math.max((place + 1) << cellLog, mpuBytes));
  const rate32 = Math.min(rate, LARGEST_U32);
  const travels = sizes.map((size) => (linkLayer === 'atm' ? Math.ceil(size / 48) * 53 : size));
  return {
    spec: packed([8, cellLog], [8, LINK_LAYER[linkLayer]], [16, overheadBytes], [16, -1], [16, mpuBytes], [32, rate32]),
    table: words(...travels.map((size) => Math.min(ticksOf(size, rateBitsPerSec), LARGEST_U32))),
    ...(rate > LARGEST_U32 && { rate64: rate }),
  };
}

/** A rate as the kernel says it; `undefined`: there is none. */
export function decodeRate(spec: Uint8Array, rate64?: number): (RateOptions & { readonly bits: number }) | undefined {
  const rate = rate64 ?? u32(spec, 8);
  if (rate === 0) return undefined;
  const [linkLayer, overheadBytes, mpuBytes] = [u8(spec, 1) & 0xf, u16(spec, 2), u16(spec, 6)];
  return {
    bits: rate * 8,
    ...(overheadBytes !== 0 && { overheadBytes }),
    ...(mpuBytes !== 0 && { mpuBytes }),
    ...(linkLayer === LINK_LAYER.atm && { linkLayer: 'atm' as const }),
  };
}
