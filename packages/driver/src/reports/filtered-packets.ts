import type { Logger } from '@routed/datapath';
import type { EndpointFilters, FilterCounters } from '@routed/netfilter';

/** How many packets filters dropped since this process started. */
export interface FilteredPackets {
  /** Towards a container, by its list of sources. */
  readonly ingress: number;
  /** From a container, by its list of destinations. */
  readonly egress: number;
  /** Sent by a container from an address that is not its own. */
  readonly spoofed: number;
}

type Reason = keyof FilteredPackets;
const REASONS: readonly Reason[] = ['ingress', 'egress', 'spoofed'];

interface FilteredPacketsDeps {
  readonly filters: Pick<EndpointFilters, 'counters'>;
  readonly logger: Pick<Logger, 'debug'>;
}

/**
 * Adds up what the kernel counts for each link, whose counters go with it: what a container dropped between the last reading and
 * its end is lost. Counts from before the first reading are taken as new.
 */
export class FilteredPacketCount {
  readonly #deps: FilteredPacketsDeps;
  #total: FilteredPackets = { ingress: 0, egress: 0, spoofed: 0 };
  #before: ReadonlyMap<string, FilterCounters> = new Map();

  constructor(deps: FilteredPacketsDeps) {
    this.#deps = deps;
  }

  /** As far as can be told: the last count where the kernel cannot be asked, as without nft. */
  async read(): Promise<FilteredPackets> {
    try {
      const now = await this.#deps.filters.counters();
      this.#total = sumOf(this.#total, this.#before, now);
      this.#before = now;
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'could not count packets that filters dropped');
    }
    return this.#total;
  }
}

function sumOf(
  total: FilteredPackets,
  before: ReadonlyMap<string, FilterCounters>,
  now: ReadonlyMap<string, FilterCounters>,
): FilteredPackets {
  const sum = { ...total };
  for (const [link, counters] of now) {
    for (const reason of REASONS) {
      const [count, last] = [packetsOf(counters, reason), packetsOf(before.get(link), reason)];
      // Lower: the rules were made anew, and count from 0.
      sum[reason] += Number(count < last ? count : count - last);
    }
  }
  return sum;
}

function packetsOf(counters: FilterCounters | undefined, reason: Reason): bigint {
  if (counters === undefined) return 0n;
  return reason === 'spoofed' ? counters.spoofed.packets : counters[reason].refused.packets;
}
