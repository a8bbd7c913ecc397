/** Four states, as percentages of the packets after which one follows another. Source: tc-netem(8) `loss state`. */
export interface NetemLossState {
  /** From good reception to a burst of losses. */
  readonly p13: number;
  /** Back from it. */
  readonly p31: number;
  /** From a burst of losses to good packets within it. @defaultValue 0 */
  readonly p32?: number;
  /** Back from it. @defaultValue 100 */
  readonly p23?: number;
  /** From good reception to one lost packet. @defaultValue 0 */
  readonly p14?: number;
}

/** A good and a bad state. Source: tc-netem(8) `loss gemodel`. */
export interface NetemGemodel {
  /** How many packets turn the good state into the bad one (tc: `p`). */
  readonly toBadPercent: number;
  /** And back (tc: `r`). */
  readonly toGoodPercent: number;
  /** What is lost in the bad state (tc: `1-h`). @defaultValue 100 */
  readonly badLossPercent?: number;
  /** What is lost in the good state (tc: `1-k`). @defaultValue 0 */
  readonly goodLossPercent?: number;
}

/** Packets are held back and sent together. Source: tc-netem(8) `slot`. */
export interface NetemSlot {
  readonly minDelayUs: number;
  /** @defaultValue the same */
  readonly maxDelayUs?: number;
  /** @defaultValue as many as wait */
  readonly maxPackets?: number;
  readonly maxBytes?: number;
}

/**
 * A link that is worse than it is: delays, losses, duplicates. Percentages are of packets; what follows the one before by as many percent is said
 * beside each. Source: tc-netem(8), linux net/sched/sch_netem.c.
 *
 * Without tables of distributions (`distribution`): delays vary evenly. The kernel keeps what a replacement does not mention of correlations,
 * corruption, reordering, rate, slots and {@link NetemSettings.ecn}: say 0, or delete before.
 */
export interface NetemSettings {
  /** Packets that may wait. @defaultValue 1000 */
  readonly limitPackets?: number;
  /** Up to 274 s. */
  readonly delayUs?: number;
  /** How far a delay may be from {@link NetemSettings.delayUs}. */
  readonly jitterUs?: number;
  readonly delayCorrelationPercent?: number;
  readonly lossPercent?: number;
  readonly lossCorrelationPercent?: number;
  readonly lossState?: NetemLossState;
  readonly lossGemodel?: NetemGemodel;
  /** Packets are marked instead of lost, if they can be. */
  readonly ecn?: boolean;
  readonly duplicatePercent?: number;
  readonly duplicateCorrelationPercent?: number;
  /** One bit of the packet is turned. */
  readonly corruptPercent?: number;
  readonly corruptCorrelationPercent?: number;
  /** What is sent at once, before those that wait. Needs {@link NetemSettings.delayUs}. */
  readonly reorderPercent?: number;
  readonly reorderCorrelationPercent?: number;
  /** Every so manieth packet may overtake. @defaultValue 1 */
  readonly gapPackets?: number;
  /** Bits per second, a multiple of 8. */
  readonly rateBitsPerSec?: number;
  /** Bytes that are added to each packet; may be negative. */
  readonly rateOverheadBytes?: number;
  /** Size of the cells of a link layer with cells. */
  readonly cellBytes?: number;
  readonly cellOverheadBytes?: number;
  readonly slot?: NetemSlot;
  /** Where chance begins. Kernel 6.6. @defaultValue made up by the kernel */
  readonly seed?: bigint;
}
