import { attributeSet } from '../../attributes/attribute-set.ts';
import { asBytes, asU32, asWhole64 } from '../../attributes/format.ts';
import { type Complaint, optional, whole } from '../../check/check.ts';
import { u32 } from '../../codec/reader.ts';
import type { Decoded } from '../../types/common.ts';
import type { Codec } from '../codec.ts';
import { joined, words } from '../packed.ts';
import { RATE, RATE_BYTES, RATE_OPTIONS, bytesIn, checkBurst, decodeRate, encodeRate, ticksOf } from '../rate.ts';
import type { TbfSettings } from '../qdisc-settings.ts';

/** Source: linux uapi pkt_sched.h `TCA_TBF_*`, `struct tc_tbf_qopt`. */
interface TbfAttributes {
  readonly parameters?: Uint8Array;
  readonly burstBytes?: number;
  readonly rate64?: number;
  readonly table?: Uint8Array;
  readonly peakRate64?: number;
  readonly peakBurstBytes?: number;
  readonly peakTable?: Uint8Array;
}

const ATTRIBUTES = attributeSet<TbfAttributes>({
  parameters: [1, asBytes],
  burstBytes: [6, asU32],
  rate64: [4, asWhole64],
  table: [2, asBytes],
  peakRate64: [5, asWhole64],
  peakBurstBytes: [7, asU32],
  peakTable: [3, asBytes],
});
const NO_RATE = new Uint8Array(RATE_BYTES);
const LIMIT = RATE_BYTES * 2;
const LARGEST = 0xffff_ffff;
const US_PER_SEC = 1e6;
const bytes = whole(1, LARGEST);

/** What may wait: said, or by how long it may wait at either rate. Source: iproute2 tc/q_tbf.c `tbf_parse_opt`. */
function limitOf({ limitBytes, latencyUs = 0, ...settings }: TbfSettings): number {
  if (limitBytes !== undefined) return limitBytes;
  const waiting = (rate: number, burst: number): number => ((rate / 8) * latencyUs) / US_PER_SEC + burst;
  const limit = waiting(settings.rateBitsPerSec, settings.burstBytes);
  const { peakRateBitsPerSec: peakRate, peakBurstBytes: peakBurst = 0 } = settings;
  return Math.trunc(peakRate === undefined ? limit : Math.min(limit, waiting(peakRate, peakBurst)));
}

function verify(settings: TbfSettings): Complaint | undefined {
  const { limitBytes, latencyUs, rateBitsPerSec, burstBytes, peakRateBitsPerSec, peakBurstBytes } = settings;
  if ((limitBytes === undefined) === (latencyUs === undefined)) {
    return { field: 'limitBytes', reason: 'either limitBytes or latencyUs is needed' };
  }
  if ((peakRateBitsPerSec === undefined) !== (peakBurstBytes === undefined)) {
    return { field: 'peakBurstBytes', reason: 'peakRateBitsPerSec and peakBurstBytes belong together' };
  }
  if (limitOf(settings) > LARGEST) return { field: 'latencyUs', reason: `more than ${LARGEST} bytes would wait` };
  return (
    checkBurst(burstBytes, rateBitsPerSec, 'burstBytes') ??
    checkBurst(peakBurstBytes, peakRateBitsPerSec ?? 8, 'peakBurstBytes')
  );
}

function encode(settings: TbfSettings): Uint8Array {
  const { rateBitsPerSec, burstBytes, peakRateBitsPerSec, peakBurstBytes } = settings;
  const rate = encodeRate(rateBitsPerSec, settings, peakBurstBytes);
  const peak = peakRateBitsPerSec === undefined ? undefined : encodeRate(peakRateBitsPerSec, settings, peakBurstBytes);
  const peakTicks = peakRateBitsPerSec === undefined ? 0 : ticksOf(peakBurstBytes ?? 0, peakRateBitsPerSec);
  const times = words(limitOf(settings), ticksOf(burstBytes, rateBitsPerSec), peakTicks);
  return ATTRIBUTES.encode({
    parameters: joined(rate.spec, peak?.spec ?? NO_RATE, times),
    burstBytes,
    table: rate.table,
    ...(rate.rate64 !== undefined && { rate64: rate.rate64 }),
    ...(peak && { peakTable: peak.table }),
    ...(peak?.rate64 !== undefined && { peakRate64: peak.rate64 }),
    ...(peakBurstBytes !== undefined && { peakBurstBytes }),
  });
}

function decode(payload: Uint8Array): Decoded<TbfSettings> {
  const { parameters, rate64, peakRate64, unknown } = ATTRIBUTES.decode(payload);
  const rest = unknown && { unknown };
  const rate = parameters && decodeRate(parameters, rate64);
  if (parameters === undefined || rate === undefined) return { ...rest };
  const { bits, ...options } = rate;
  const peak = decodeRate(parameters.subarray(RATE_BYTES), peakRate64)?.bits;
  return {
    rateBitsPerSec: bits,
    burstBytes: bytesIn(u32(parameters, LIMIT + 4), bits),
    limitBytes: u32(parameters, LIMIT),
    ...options,
    ...(peak !== undefined && {
      peakRateBitsPerSec: peak,
      peakBurstBytes: bytesIn(u32(parameters, LIMIT + 8), peak),
    }),
    ...rest,
  };
}

export const TBF: Codec<TbfSettings> = {
  fields: {
    ...RATE_OPTIONS,
    rateBitsPerSec: RATE,
    burstBytes: bytes,
    limitBytes: optional(bytes),
    latencyUs: optional(bytes),
    peakRateBitsPerSec: optional(RATE),
    peakBurstBytes: optional(bytes),
  },
  verify,
  encode,
  decode,
};
