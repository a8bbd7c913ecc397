import { type AttributeSet, attributeSet } from '../../attributes/attribute-set.ts';
import { type Format, asBytes, asU32, asU64, asWhole64 } from '../../attributes/format.ts';
import { type Check, type Complaint, flag, object, optional, whole } from '../../check/check.ts';
import { show } from '../../check/show.ts';
import { u32 } from '../../codec/reader.ts';
import type { Decoded } from '../../types/common.ts';
import type { Codec } from '../codec.ts';
import type { NetemGemodel, NetemLossState, NetemSettings, NetemSlot } from '../netem-types.ts';
import { joined, words } from '../packed.ts';
import { RATE } from '../rate.ts';

/** `struct tc_netem_qopt`; attributes follow it. Source: linux uapi pkt_sched.h `TCA_NETEM_*`. */
const OPTIONS_BYTES = 24;
const DEFAULT_PACKETS = 1000;
const ALL = 0xffff_ffff;
/** The kernel counts delays in 64 ns here. */
const TICKS_PER_US = 1000 / 64;
const MOST_US = Math.floor(ALL / TICKS_PER_US);
const NS_PER_US = 1000;

const percent: Check<number> = (value, field) =>
  typeof value === 'number' && value >= 0 && value <= 100
    ? undefined
    : { field, reason: `${show(value)} is not a number from 0 to 100` };
const delay = whole(0, MOST_US);
const u32Range = whole(0, ALL);
const signed = whole(-0x8000_0000, 0x7fff_ffff);
const positive = whole(0, 0x7fff_ffff);

/** A share of 2^32, rounded as tc(8) rounds it: halves to the even number. */
function probability(percents = 0): number {
  const exact = (percents / 100) * ALL;
  const rounded = Math.round(exact);
  return exact % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** Six digits are what 32 bits hold. */
function percentOf(share: number): number {
  return Math.round((share / ALL) * 1e8) / 1e6;
}

function percentsOf(bytes: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, place) => percentOf(u32(bytes, place * 4)));
}

const lossStateFields = object<NetemLossState>({
  p13: percent,
  p31: percent,
  p32: optional(percent),
  p23: optional(percent),
  p14: optional(percent),
});
/** `struct tc_netem_gimodel`: 2 and 3 as 3 and 2 are in another order than on the command line. */
const asLossState: Format<NetemLossState> = {
  check: lossStateFields,
  encode: ({ p13, p31, p32 = 0, p23 = 100, p14 = 0 }) => words(...[p13, p31, p32, p14, p23].map(probability)),
  decode: (bytes) => {
    const [p13 = 0, p31 = 0, p32 = 0, p14 = 0, p23 = 0] = percentsOf(bytes, 5);
    return { p13, p31, p32, p23, p14 };
  },
};

/** `struct tc_netem_gemodel`, of which the third says how many are not lost. */
const asGemodel: Format<NetemGemodel> = {
  check: object<NetemGemodel>({
    toBadPercent: percent,
    toGoodPercent: percent,
    badLossPercent: optional(percent),
    goodLossPercent: optional(percent),
  }),
  encode: ({ toBadPercent, toGoodPercent, badLossPercent = 100, goodLossPercent = 0 }) =>
    words(
      probability(toBadPercent),
      probability(toGoodPercent),
      ALL - probability(badLossPercent),
      probability(goodLossPercent),
    ),
  decode: (bytes) => ({
    toBadPercent: percentOf(u32(bytes)),
    toGoodPercent: percentOf(u32(bytes, 4)),
    badLossPercent: percentOf(ALL - u32(bytes, 8)),
    goodLossPercent: percentOf(u32(bytes, 12)),
  }),
};

/** `struct tc_netem_slot`, in nanoseconds; the delays of a distribution, which come last, are not asked for. */
const asSlot: Format<NetemSlot> = {
  check: object<NetemSlot>({
    minDelayUs: delay,
    maxDelayUs: optional(delay),
    maxPackets: optional(positive),
    maxBytes: optional(positive),
  }),
  encode: ({ minDelayUs, maxDelayUs = minDelayUs, maxPackets = 0, maxBytes = 0 }) =>
    joined(
      ...[minDelayUs, maxDelayUs].map((us) => asWhole64.encode(us * NS_PER_US) ?? new Uint8Array(0)),
      words(maxPackets, maxBytes, 0, 0, 0, 0),
    ),
  decode: (bytes) => {
    const [first, last] = [asWhole64.decode(bytes), asWhole64.decode(bytes.subarray(8))];
    if (first === undefined || last === undefined || bytes.subarray(24).some((byte) => byte !== 0)) return undefined;
    return {
      minDelayUs: first / NS_PER_US,
      maxDelayUs: last / NS_PER_US,
      maxPackets: u32(bytes, 16),
      maxBytes: u32(bytes, 20),
    };
  },
};

interface Loss {
  readonly state?: NetemLossState;
  readonly gemodel?: NetemGemodel;
}

interface NetemAttributes {
  readonly correlations?: Uint8Array;
  readonly reorder?: Uint8Array;
  readonly ecn?: number;
  readonly corrupt?: Uint8Array;
  readonly loss?: Loss;
  readonly slot?: NetemSlot;
  readonly rate64?: number;
  readonly rate?: Uint8Array;
  readonly delayNs?: number;
  readonly jitterNs?: number;
  readonly seed?: bigint;
}

const LOSS: AttributeSet<Loss> = attributeSet<Loss>({ state: [1, asLossState], gemodel: [2, asGemodel] });
/** In the order of tc(8). */
const ATTRIBUTES: AttributeSet<NetemAttributes> = attributeSet<NetemAttributes>({
  correlations: [1, asBytes],
  reorder: [3, asBytes],
  ecn: [7, asU32],
  corrupt: [4, asBytes],
  loss: [5, { ...LOSS, isNested: true }],
  slot: [12, asSlot],
  rate64: [8, asWhole64],
  rate: [6, asBytes],
  delayNs: [10, asWhole64],
  jitterNs: [11, asWhole64],
  seed: [14, asU64],
});

/** Each beside what it is about. */
const CORRELATIONS = [
  ['delayCorrelationPercent', 'jitterUs'],
  ['lossCorrelationPercent', 'lossPercent'],
  ['duplicateCorrelationPercent', 'duplicatePercent'],
  ['reorderCorrelationPercent', 'reorderPercent'],
  ['corruptCorrelationPercent', 'corruptPercent'],
] as const;

function verify(settings: NetemSettings): Complaint | undefined {
  const { reorderPercent = 0, gapPackets, delayUs = 0, rateBitsPerSec, lossState, lossGemodel, lossPercent } = settings;
  if (reorderPercent > 0 && delayUs === 0) {
    return { field: 'reorderPercent', reason: 'packets that are not delayed cannot overtake: delayUs is needed' };
  }
  if (gapPackets !== undefined && reorderPercent === 0) {
    return { field: 'gapPackets', reason: 'it says which packets may overtake: reorderPercent is needed' };
  }
  if ([lossState, lossGemodel, lossPercent].filter((model) => model !== undefined).length > 1) {
    return { field: 'lossPercent', reason: 'one of lossPercent, lossState and lossGemodel is enough' };
  }
  const alone = CORRELATIONS.find(([own, other]) => settings[own] !== undefined && settings[other] === undefined);
  if (alone !== undefined) return { field: alone[0], reason: `it is about ${alone[1]}, which is needed` };
  const sizes = ['rateOverheadBytes', 'cellBytes', 'cellOverheadBytes'] as const;
  const needsRate = sizes.find((size) => settings[size] !== undefined);
  return needsRate !== undefined && rateBitsPerSec === undefined
    ? { field: needsRate, reason: 'it is about a rate: rateBitsPerSec is needed' }
    : undefined;
}

function pair(first?: number, second?: number): Uint8Array | undefined {
  return first === undefined ? undefined : words(probability(first), probability(second));
}

function encode(settings: NetemSettings): Uint8Array {
  const { delayUs = 0, jitterUs = 0, limitPackets = DEFAULT_PACKETS, reorderPercent = 0, rateBitsPerSec } = settings;
  const { gapPackets = reorderPercent > 0 ? 1 : 0, slot, seed, lossState, lossGemodel } = settings;
  const ticks = (us: number): number => Math.trunc(us * TICKS_PER_US);
  const shares = [settings.lossPercent, settings.duplicatePercent].map(probability);
  const options = [ticks(delayUs), limitPackets, shares[0] ?? 0, gapPackets, shares[1] ?? 0, ticks(jitterUs)];
  const { delayCorrelationPercent, lossCorrelationPercent, duplicateCorrelationPercent } = settings;
  const correlations = [delayCorrelationPercent, lossCorrelationPercent, duplicateCorrelationPercent].map(probability);
  const isCorrelated = CORRELATIONS.some(([own]) => settings[own] !== undefined);
  const reorder = pair(settings.reorderPercent, settings.reorderCorrelationPercent);
  const corrupt = pair(settings.corruptPercent, settings.corruptCorrelationPercent);
  const loss = { ...(lossState && { state: lossState }), ...(lossGemodel && { gemodel: lossGemodel }) };
  const bytesPerSec = (rateBitsPerSec ?? 0) / 8;
  const { rateOverheadBytes = 0, cellBytes = 0, cellOverheadBytes = 0 } = settings;
  const rate = words(Math.min(bytesPerSec, ALL), rateOverheadBytes, cellBytes, cellOverheadBytes);
  const attributes = ATTRIBUTES.encode({
    ...(isCorrelated && { correlations: words(...correlations) }),
    ...(reorder && { reorder }),
    ...(settings.ecn !== undefined && { ecn: Number(settings.ecn) }),
    ...(corrupt && { corrupt }),
    ...((lossState ?? lossGemodel) && { loss }),
    ...(slot && { slot }),
    ...(bytesPerSec > ALL && { rate64: bytesPerSec }),
    ...(rateBitsPerSec !== undefined && { rate }),
    ...(seed !== undefined && { seed }),
  });
  return joined(words(...options), attributes);
}

function decode(payload: Uint8Array): Decoded<NetemSettings> {
  const [delayTicks = 0, limitPackets = 0, loss = 0, gap = 0, duplicate = 0, jitterTicks = 0] = Array.from(
    { length: OPTIONS_BYTES / 4 },
    (_, place) => u32(payload, place * 4),
  );
  const { correlations, reorder, ecn, corrupt, slot, seed, unknown, ...rest } = ATTRIBUTES.decode(
    payload.subarray(OPTIONS_BYTES),
  );
  const [delayed = 0, lost = 0, duplicated = 0] = correlations === undefined ? [] : percentsOf(correlations, 3);
  const [reordered = 0, reorderCorrelation = 0] = reorder === undefined ? [] : percentsOf(reorder, 2);
  const [corrupted = 0, corruptCorrelation = 0] = corrupt === undefined ? [] : percentsOf(corrupt, 2);
  const shares = {
    delayUs: rest.delayNs === undefined ? Math.round(delayTicks / TICKS_PER_US) : Math.round(rest.delayNs / NS_PER_US),
    jitterUs:
      rest.jitterNs === undefined ? Math.round(jitterTicks / TICKS_PER_US) : Math.round(rest.jitterNs / NS_PER_US),
    delayCorrelationPercent: delayed,
    lossPercent: percentOf(loss),
    lossCorrelationPercent: lost,
    duplicatePercent: percentOf(duplicate),
    duplicateCorrelationPercent: duplicated,
    reorderPercent: reordered,
    reorderCorrelationPercent: reorderCorrelation,
    gapPackets: gap,
    corruptPercent: corrupted,
    corruptCorrelationPercent: corruptCorrelation,
    ...rateOf(rest),
  };
  return {
    limitPackets,
    // What is 0 is not asked for.
    ...Object.fromEntries(Object.entries(shares).filter(([, value]) => value !== 0)),
    ...(rest.loss?.state && { lossState: rest.loss.state }),
    ...(rest.loss?.gemodel && { lossGemodel: rest.loss.gemodel }),
    ...(ecn !== undefined && ecn !== 0 && { ecn: true }),
    ...(slot && { slot }),
    ...(seed !== undefined && { seed }),
    ...(unknown && { unknown }),
  };
}

function rateOf({ rate, rate64 }: NetemAttributes): Partial<NetemSettings> {
  if (rate === undefined) return {};
  const signedAt = (offset: number): number => u32(rate, offset) | 0;
  return {
    rateBitsPerSec: (rate64 ?? u32(rate)) * 8,
    rateOverheadBytes: signedAt(4),
    cellBytes: u32(rate, 8),
    cellOverheadBytes: signedAt(12),
  };
}

export const NETEM: Codec<NetemSettings> = {
  fields: {
    limitPackets: optional(u32Range),
    delayUs: optional(delay),
    jitterUs: optional(delay),
    delayCorrelationPercent: optional(percent),
    lossPercent: optional(percent),
    lossCorrelationPercent: optional(percent),
    lossState: optional(asLossState.check),
    lossGemodel: optional(asGemodel.check),
    ecn: optional(flag),
    duplicatePercent: optional(percent),
    duplicateCorrelationPercent: optional(percent),
    corruptPercent: optional(percent),
    corruptCorrelationPercent: optional(percent),
    reorderPercent: optional(percent),
    reorderCorrelationPercent: optional(percent),
    gapPackets: optional(u32Range),
    rateBitsPerSec: optional(RATE),
    rateOverheadBytes: optional(signed),
    cellBytes: optional(u32Range),
    cellOverheadBytes: optional(signed),
    slot: optional(asSlot.check),
    seed: optional(asU64.check),
  },
  verify,
  encode,
  decode,
};
