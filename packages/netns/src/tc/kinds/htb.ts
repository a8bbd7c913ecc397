import { attributeSet } from '../../attributes/attribute-set.ts';
import { asBytes, asU32, asWhole64 } from '../../attributes/format.ts';
import { optional, whole } from '../../check/check.ts';
import { u32 } from '../../codec/reader.ts';
import { unknownNumber } from '../../message/unknown.ts';
import type { Decoded } from '../../types/common.ts';
import type { Codec } from '../codec.ts';
import { joined, words } from '../packed.ts';
import { RATE, RATE_BYTES, RATE_OPTIONS, bytesIn, checkBurst, decodeRate, encodeRate, ticksOf } from '../rate.ts';
import type { HtbClassSettings, HtbSettings } from '../qdisc-settings.ts';

/** Source: linux net/sched/sch_htb.c `HTB_VER`, major part. */
const VERSION = 3;
const RATE_TO_QUANTUM = 10;
/** What tc(8) takes for the largest packet, and for the smallest burst. Source: iproute2 tc/q_htb.c `htb_parse_class_opt`. */
const MTU_BYTES = 1600;

/** Source: linux uapi pkt_sched.h `TCA_HTB_*`, `struct tc_htb_glob`. */
const QDISC = attributeSet<{ readonly init?: Uint8Array; readonly directPackets?: number }>({
  init: [2, asBytes],
  directPackets: [5, asU32],
});

export const HTB: Codec<HtbSettings> = {
  fields: {
    defaultClass: optional(whole(0, 0xffff)),
    rateToQuantum: optional(whole(1, 0xffff_ffff)),
    directPackets: optional(whole(0, 0xffff_ffff)),
  },
  encode: ({ defaultClass = 0, rateToQuantum = RATE_TO_QUANTUM, directPackets }) =>
    QDISC.encode({
      init: words(VERSION, rateToQuantum, defaultClass, 0, 0),
      ...(directPackets !== undefined && { directPackets }),
    }),
  decode: (payload) => {
    const { init, ...rest } = QDISC.decode(payload);
    return { ...(init && { rateToQuantum: u32(init, 4), defaultClass: u32(init, 8) }), ...rest };
  },
};

interface ClassAttributes {
  readonly rate64?: number;
  readonly ceil64?: number;
  readonly parameters?: Uint8Array;
  readonly table?: Uint8Array;
  readonly ceilTable?: Uint8Array;
}

/** `struct tc_htb_opt`. */
const CLASS = attributeSet<ClassAttributes>({
  rate64: [6, asWhole64],
  ceil64: [7, asWhole64],
  parameters: [1, asBytes],
  table: [4, asBytes],
  ceilTable: [3, asBytes],
});
const NUMBERS = RATE_BYTES * 2;
const LEVEL = NUMBERS + 12;
const bytes = whole(1, 0xffff_ffff);

function encodeClass(settings: HtbClassSettings): Uint8Array {
  const { rateBitsPerSec, burstBytes = MTU_BYTES, ceilBurstBytes = MTU_BYTES } = settings;
  const { ceilBitsPerSec = rateBitsPerSec, quantumBytes = 0, priority = 0 } = settings;
  const rate = encodeRate(rateBitsPerSec, settings, MTU_BYTES);
  const ceil = encodeRate(ceilBitsPerSec, settings, MTU_BYTES);
  const ticks = [ticksOf(burstBytes, rateBitsPerSec), ticksOf(ceilBurstBytes, ceilBitsPerSec)];
  return CLASS.encode({
    parameters: joined(rate.spec, ceil.spec, words(...ticks, quantumBytes, 0, priority)),
    table: rate.table,
    ceilTable: ceil.table,
    ...(rate.rate64 !== undefined && { rate64: rate.rate64 }),
    ...(ceil.rate64 !== undefined && { ceil64: ceil.rate64 }),
  });
}

function decodeClass(payload: Uint8Array): Decoded<HtbClassSettings> {
  const { parameters, rate64, ceil64, unknown = [] } = CLASS.decode(payload);
  const rate = parameters && decodeRate(parameters, rate64);
  const ceil = parameters && decodeRate(parameters.subarray(RATE_BYTES), ceil64);
  if (parameters === undefined || rate === undefined || ceil === undefined)
    return unknown.length > 0 ? { unknown } : {};
  const { bits, ...options } = rate;
  // The height in the tree of classes, which their parents say.
  const level = u32(parameters, LEVEL);
  const rest = level === 0 ? unknown : [...unknown, unknownNumber('tc_htb_opt.level', level)];
  return {
    rateBitsPerSec: bits,
    ceilBitsPerSec: ceil.bits,
    burstBytes: bytesIn(u32(parameters, NUMBERS), bits),
    ceilBurstBytes: bytesIn(u32(parameters, NUMBERS + 4), ceil.bits),
    quantumBytes: u32(parameters, NUMBERS + 8),
    priority: u32(parameters, LEVEL + 4),
    ...options,
    ...(rest.length > 0 && { unknown: rest }),
  };
}

export const HTB_CLASS: Codec<HtbClassSettings> = {
  fields: {
    ...RATE_OPTIONS,
    rateBitsPerSec: RATE,
    ceilBitsPerSec: optional(RATE),
    burstBytes: optional(bytes),
    ceilBurstBytes: optional(bytes),
    quantumBytes: optional(whole(0, 0xffff_ffff)),
    priority: optional(whole(0, 7)),
  },
  verify: ({ rateBitsPerSec, burstBytes, ceilBitsPerSec = rateBitsPerSec, ceilBurstBytes }) =>
    checkBurst(burstBytes ?? MTU_BYTES, rateBitsPerSec, 'burstBytes') ??
    checkBurst(ceilBurstBytes ?? MTU_BYTES, ceilBitsPerSec, 'ceilBurstBytes'),
  encode: encodeClass,
  decode: decodeClass,
};
