import { attributeSet } from '../../attributes/attribute-set.ts';
import { type Format, asBoolean, asU32 } from '../../attributes/format.ts';
import { show } from '../../check/show.ts';
import type { Codec } from '../codec.ts';
import { asRate } from '../rate.ts';
import type { FqCodelSettings, FqSettings } from '../qdisc-settings.ts';

/** A switch of 32 bits. */
const asSwitch: Format<boolean> = {
  check: asBoolean.check,
  encode: (value) => asU32.encode(Number(value)),
  decode: (bytes) => [false, true][asU32.decode(bytes) ?? 2],
};

/** A power of two that travels as its logarithm. Source: linux net/sched/sch_fq.c `FQ_MAX_BUCKETS` and its policy. */
const asPowerOfTwo: Format<number> = {
  check: (value, field) =>
    Number.isInteger(Math.log2(Number(value))) && Number(value) >= 2 && Number(value) <= 0x4_0000
      ? undefined
      : { field, reason: `${show(value)} is not a power of two from 2 to 262144` },
  encode: (value) => asU32.encode(Math.log2(value)),
  decode: (bytes) => 2 ** (asU32.decode(bytes) ?? 0),
};

export const FQ_CODEL: Codec<FqCodelSettings> = attributeSet<FqCodelSettings>({
  limitPackets: [2, asU32],
  flows: [5, asU32],
  quantumBytes: [6, asU32],
  intervalUs: [3, asU32],
  targetUs: [1, asU32],
  ecn: [4, asSwitch],
  ceThresholdUs: [7, asU32],
  memoryLimitBytes: [9, asU32],
  dropBatchPackets: [8, asU32],
});

export const FQ: Codec<FqSettings> = attributeSet<FqSettings>({
  buckets: [8, asPowerOfTwo],
  limitPackets: [1, asU32],
  flowLimitPackets: [2, asU32],
  quantumBytes: [3, asU32],
  initialQuantumBytes: [4, asU32],
  pacing: [5, asSwitch],
  maxRateBitsPerSec: [7, asRate],
  lowRateThresholdBitsPerSec: [11, asRate],
  refillDelayUs: [9, asU32],
  orphanMask: [10, asU32],
  ceThresholdUs: [12, asU32],
  timerSlackNs: [13, asU32],
  horizonUs: [14, asU32],
  horizonDrop: [15, asBoolean],
});
