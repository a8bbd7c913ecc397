import type { Direction, LimitCount, LinkLimits, LimitPlace } from '@routed/datapath';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { hasRate } from '../networks/parse-options.ts';
import type { LimitCounters } from './limit-status.ts';

/** What the limits of endpoints have done, by endpoint and direction. */
export type LimitCounts = ReadonlyMap<string, LimitCounters>;

/** Reads what limits did from the kernel. Where nothing is limited, nothing is read. */
export class LimitReader {
  readonly #limits: Pick<LinkLimits, 'counts'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'all'>;
  readonly #links: { indexesOf(endpointIds: readonly string[]): Promise<LimitPlace[]> };

  constructor(deps: {
    readonly limits: Pick<LinkLimits, 'counts'>;
    readonly endpoints: Pick<EndpointLifecycle, 'all'>;
    readonly links: { indexesOf(endpointIds: readonly string[]): Promise<LimitPlace[]> };
  }) {
    this.#limits = deps.limits;
    this.#endpoints = deps.endpoints;
    this.#links = deps.links;
  }

  /** Of all endpoints that are limited and in a container. */
  async all(): Promise<LimitCounts> {
    const limited = this.#endpoints.all().filter((each) => each.sandboxKey !== undefined && hasRate(each));
    return await this.of(limited.map(({ id }) => id));
  }

  async of(endpointIds: readonly string[]): Promise<LimitCounts> {
    if (endpointIds.length === 0) return new Map();
    const counts = new Map<string, { [D in Direction]?: NonNullable<LimitCounters[D]> }>();
    for (const { endpointId, direction, statistics } of await this.#limits.counts(
      await this.#links.indexesOf(endpointIds),
    )) {
      const entry = counts.get(endpointId) ?? {};
      entry[direction] = countOf(statistics);
      counts.set(endpointId, entry);
    }
    return counts;
  }
}

function countOf(statistics: LimitCount['statistics']): NonNullable<LimitCounters[Direction]> {
  const { bytes, packets, drops, overlimits, backlogBytes } = statistics;
  return { bytes: bytes.toString(), packets, dropped: drops, delayed: overlimits, waitingBytes: backlogBytes };
}
