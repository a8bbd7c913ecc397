import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asBytes, asU64 } from '../attributes/format.ts';
import { u32 } from '../codec/reader.ts';
import type { UnknownField } from '../types/common.ts';
import type { Statistics } from './types.ts';

interface StatisticsAttributes {
  readonly basic?: Uint8Array;
  readonly queue?: Uint8Array;
}

/** Source: linux uapi gen_stats.h `TCA_STATS_*`; the 64-bit count of packets repeats that of the basic ones. */
const ATTRIBUTES: AttributeSet<StatisticsAttributes> = attributeSet<StatisticsAttributes>(
  { basic: [1, asBytes], queue: [3, asBytes] },
  { readElsewhere: new Set([0, 6, 7, 8]), nameOf: (type) => (type === 4 ? 'TCA_STATS_APP' : undefined) },
);

/** `struct gnet_stats_basic` and `gnet_stats_queue`. */
export const asStatistics: Format<Statistics> = {
  check: (_value, field) => ({ field, reason: 'counters are read only' }),
  encode: () => undefined,
  decode: (bytes) => {
    const decoded = ATTRIBUTES.decode(bytes);
    const { basic = new Uint8Array(12), queue = new Uint8Array(20) } = decoded;
    const unknown: readonly UnknownField[] | undefined = decoded.unknown;
    return {
      bytes: Number(asU64.decode(basic) ?? 0n),
      packets: u32(basic, 8),
      queueLength: u32(queue),
      backlogBytes: u32(queue, 4),
      drops: u32(queue, 8),
      requeues: u32(queue, 12),
      overlimits: u32(queue, 16),
      ...(unknown && { unknown }),
    };
  },
};
