import { linkNames } from '@routed/datapath';
import { type Direction, DIRECTIONS, type EndpointFilters } from '@routed/netfilter';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { NameBook } from '../ground/endpoint-names.ts';

/** What a list of an endpoint was asked since it was set. */
export interface ListCount {
  readonly endpointId: string;
  /** By name, or by the start of the ids where Docker has not said. */
  readonly container: string;
  readonly network: string;
  readonly direction: Direction;
  /** First packets of connections. */
  readonly examined: number;
  /** Of these, what was refused; or would have been, where the list only counts. */
  readonly refused: number;
}

/** What the lists of this host's endpoints were asked. */
export class ListCounts {
  readonly #filters: Pick<EndpointFilters, 'counters'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'all'>;
  readonly #names: Pick<NameBook, 'of'>;

  constructor(deps: {
    readonly filters: Pick<EndpointFilters, 'counters'>;
    readonly endpoints: Pick<EndpointLifecycle, 'all'>;
    readonly names: Pick<NameBook, 'of'>;
  }) {
    this.#filters = deps.filters;
    this.#endpoints = deps.endpoints;
    this.#names = deps.names;
  }

  /** Those of endpoints in a container, for each direction that has a list. @throws NetlinkError */
  async all(): Promise<ListCount[]> {
    const counters = await this.#filters.counters();
    return this.#endpoints.all().flatMap(({ id, networkId, sandboxKey }) => {
      const counted = counters.get(linkNames(id).host);
      if (counted === undefined || sandboxKey === undefined) return [];
      const place = this.#names.of(id) ?? { container: id.slice(0, 12), network: networkId.slice(0, 12) };
      return DIRECTIONS.flatMap((direction) => {
        const { examined, refused, isListed } = counted[direction];
        if (!isListed) return [];
        const counts = { examined: Number(examined.packets), refused: Number(refused.packets) };
        return [{ endpointId: id, ...place, direction, ...counts }];
      });
    });
  }
}
