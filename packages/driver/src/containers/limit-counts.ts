import {
  type Direction,
  DIRECTIONS,
  type EndpointLinks,
  type LimitCount,
  type LinkLimits,
  type Logger,
} from '@routed/datapath';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { NameBook } from '../ground/endpoint-names.ts';
import { hasRate } from '../networks/parse-options.ts';
import type { LimitCounters } from './limit-status.ts';

/** One limit of an endpoint that is in a container, and what it has done. */
export interface LimitRow {
  readonly network: string;
  readonly container: string;
  readonly direction: Direction;
  readonly bitsPerSec: number;
  readonly count: NonNullable<LimitCounters[Direction]>;
}

/** Reads from the kernel what limits did. Where nothing is limited, nothing is read. */
export class LimitReader {
  readonly #limits: Pick<LinkLimits, 'counts'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'all'>;
  readonly #links: Pick<EndpointLinks, 'indexesOf'>;
  readonly #names: Pick<NameBook, 'of'>;
  readonly #logger: Pick<Logger, 'warn'>;

  constructor(deps: {
    readonly limits: Pick<LinkLimits, 'counts'>;
    readonly endpoints: Pick<EndpointLifecycle, 'all'>;
    readonly links: Pick<EndpointLinks, 'indexesOf'>;
    readonly names: Pick<NameBook, 'of'>;
    readonly logger: Pick<Logger, 'warn'>;
  }) {
    this.#limits = deps.limits;
    this.#endpoints = deps.endpoints;
    this.#links = deps.links;
    this.#names = deps.names;
    this.#logger = deps.logger;
  }

  /** All limits of endpoints in a container; undefined: the kernel could not be asked. */
  async rows(): Promise<LimitRow[] | undefined> {
    const limited = this.#endpoints.all().filter((each) => each.sandboxKey !== undefined && hasRate(each));
    const counts = await this.of(limited.map(({ id }) => id)).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'could not read what limits did');
      return undefined;
    });
    if (counts === undefined) return undefined;
    return limited.flatMap(({ id, networkId, rateIn, rateOut }) => {
      const short = { container: id.slice(0, 12), network: networkId.slice(0, 12) };
      const { container, network } = this.#names.of(id) ?? short;
      return DIRECTIONS.flatMap((direction) => {
        const rate = direction === 'in' ? rateIn : rateOut;
        const count = counts.get(id)?.[direction];
        if (rate === undefined || rate === 'off' || count === undefined) return [];
        return [{ network, container, direction, bitsPerSec: rate.bitsPerSec, count }];
      });
    });
  }

  /** Of those of these endpoints that have a link. @throws NetlinkError */
  async of(endpointIds: readonly string[]): Promise<ReadonlyMap<string, LimitCounters>> {
    if (endpointIds.length === 0) return new Map();
    const counts = new Map<string, LimitCounters>();
    const places = await this.#links.indexesOf(endpointIds);
    for (const { endpointId, direction, statistics } of await this.#limits.counts(places)) {
      counts.set(endpointId, { ...counts.get(endpointId), [direction]: countOf(statistics) });
    }
    return counts;
  }
}

function countOf(statistics: LimitCount['statistics']): NonNullable<LimitCounters[Direction]> {
  const { bytes, packets, drops, overlimits, backlogBytes } = statistics;
  return { bytes, packets, dropped: drops, delayed: overlimits, waitingBytes: backlogBytes };
}
