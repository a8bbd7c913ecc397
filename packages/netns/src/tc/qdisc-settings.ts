import type { NoSettings } from '../types/link-kinds.ts';
import type { NetemSettings } from './netem-types.ts';

/** How packets are measured that a rate limits. */
export interface RateOptions {
  /** Bytes that are added to every packet. @defaultValue 0 */
  readonly overheadBytes?: number;
  /** What a smaller packet counts as. @defaultValue 0 */
  readonly mpuBytes?: number;
  /** @defaultValue `ethernet` */
  readonly linkLayer?: 'ethernet' | 'atm';
}

/** Token bucket filter. Source: tc-tbf(8), linux net/sched/sch_tbf.c. */
export interface TbfSettings extends RateOptions {
  /** Bits per second, a multiple of 8. */
  readonly rateBitsPerSec: number;
  /** Size of the bucket (tc: `burst`). Read back as the kernel keeps it: as a time, in steps of 64 ns. */
  readonly burstBytes: number;
  /** What may wait. Either this or {@link TbfSettings.latencyUs}. */
  readonly limitBytes?: number;
  /** How long a packet may wait: another way to say {@link TbfSettings.limitBytes}, which the kernel reports. */
  readonly latencyUs?: number;
  /** The most while the bucket empties, in bits per second. Needs {@link TbfSettings.peakBurstBytes}. */
  readonly peakRateBitsPerSec?: number;
  /** Size of the bucket of the peak rate (tc: `minburst`): at least the MTU of the link. */
  readonly peakBurstBytes?: number;
}

/** Hierarchical token bucket: the queueing discipline, whose classes have the rates. Source: tc-htb(8). */
export interface HtbSettings {
  /** Minor number of the class of packets that no filter classified; 0: they pass unshaped. @defaultValue 0 */
  readonly defaultClass?: number;
  /** Quantum of a class is its rate divided by this (tc: `r2q`). @defaultValue 10 */
  readonly rateToQuantum?: number;
  /** Packets that may wait without a class (tc: `direct_qlen`). @defaultValue that of the link's queue */
  readonly directPackets?: number;
}

/** A class of htb. Source: tc-htb(8), linux net/sched/sch_htb.c. */
export interface HtbClassSettings extends RateOptions {
  /** What the class is guaranteed, in bits per second, a multiple of 8. */
  readonly rateBitsPerSec: number;
  /** What the class may have while its parent has some left. @defaultValue the rate */
  readonly ceilBitsPerSec?: number;
  /** Bytes at the speed of {@link HtbClassSettings.ceilBitsPerSec}. Read back in steps of 64 ns. @defaultValue 1600 */
  readonly burstBytes?: number;
  /** Bytes at the speed of the link (tc: `cburst`). @defaultValue 1600 */
  readonly ceilBurstBytes?: number;
  /** Bytes that the class is served in turn. @defaultValue what {@link HtbSettings.rateToQuantum} gives */
  readonly quantumBytes?: number;
  /** 0 to 7; a lower number is offered what is left first (tc: `prio`). @defaultValue 0 */
  readonly priority?: number;
}

/** Fair queueing with controlled delay. Source: tc-fq_codel(8), linux uapi pkt_sched.h `TCA_FQ_CODEL_*`. */
export interface FqCodelSettings {
  readonly limitPackets?: number;
  readonly memoryLimitBytes?: number;
  /** Acceptable delay of a queue that stays. @defaultValue 5000 */
  readonly targetUs?: number;
  /** @defaultValue 100000 */
  readonly intervalUs?: number;
  /** Delay from which on all packets are marked. */
  readonly ceThresholdUs?: number;
  readonly ecn?: boolean;
  /** Number of queues; given at creation only. */
  readonly flows?: number;
  readonly quantumBytes?: number;
  readonly dropBatchPackets?: number;
}

/** Fair queueing with pacing. Source: tc-fq(8), linux uapi pkt_sched.h `TCA_FQ_*`. */
export interface FqSettings {
  readonly limitPackets?: number;
  readonly flowLimitPackets?: number;
  readonly quantumBytes?: number;
  readonly initialQuantumBytes?: number;
  readonly pacing?: boolean;
  /** The most that a flow gets, in bits per second; 34359738360: no limit. */
  readonly maxRateBitsPerSec?: number;
  /** Number of hash buckets, a power of two. */
  readonly buckets?: number;
  readonly refillDelayUs?: number;
  readonly orphanMask?: number;
  /** Below this rate, in bits per second, pacing is off for a flow. */
  readonly lowRateThresholdBitsPerSec?: number;
  readonly ceThresholdUs?: number;
  readonly timerSlackNs?: number;
  readonly horizonUs?: number;
  /** Packets beyond the horizon are dropped; otherwise they are sent at its end. */
  readonly horizonDrop?: boolean;
}

/** First in, first out, counted in packets. */
export interface PfifoSettings {
  /** @defaultValue the queue length of the link */
  readonly limitPackets?: number;
}

/** First in, first out, counted in bytes. */
export interface BfifoSettings {
  readonly limitBytes?: number;
}

/** Queueing disciplines that this library has words for. */
export interface QdiscKinds {
  readonly bfifo: BfifoSettings;
  readonly clsact: NoSettings;
  readonly fq: FqSettings;
  readonly fq_codel: FqCodelSettings;
  readonly htb: HtbSettings;
  readonly ingress: NoSettings;
  readonly netem: NetemSettings;
  readonly pfifo: PfifoSettings;
  readonly tbf: TbfSettings;
}

/** Kinds of classes that this library has words for. */
export interface ClassKinds {
  readonly htb: HtbClassSettings;
}
