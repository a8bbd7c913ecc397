import type { EndpointFiltering } from '@routed/datapath';
import type { EndpointRecords } from './endpoint-records.ts';

/** The endpoints, and work on them that waits for its turn. */
interface Endpoints extends Pick<EndpointRecords, 'all' | 'get' | 'idOfLink'> {
  whileJoined(endpointId: string, work: () => Promise<boolean>): Promise<boolean>;
  unlessJoined(endpointId: string, work: () => Promise<boolean>): Promise<boolean>;
}

/**
 * The filters in the kernel that no joined endpoint is known for.
 *
 * One whose link is there may be that of a container that runs, and that the records do not know: they were lost, or are those of an
 * older backup. It stays until Docker says something else of its endpoint, or the link goes.
 */
export class StrayFilters {
  readonly #endpoints: Endpoints;
  readonly #filtering: Pick<EndpointFiltering, 'links' | 'set' | 'removeFrom'>;
  readonly #isThere: (link: string) => Promise<boolean>;
  /** Links without a known endpoint whose filters were left. */
  readonly #left = new Set<string>();

  constructor(
    endpoints: Endpoints,
    deps: {
      readonly filtering: Pick<EndpointFiltering, 'links' | 'set' | 'removeFrom'>;
      /** Whether there is a link of this name that does not wait for its deletion. */
      readonly isThere: (link: string) => Promise<boolean>;
    },
  ) {
    this.#endpoints = endpoints;
    this.#filtering = deps.filtering;
    this.#isThere = deps.isThere;
  }

  /**
   * Makes the kernel have the filters of the joined endpoints, and no others but those of links that are there. Endpoints may join
   * and leave meanwhile: each filter is looked at when no other work on its endpoint is under way.
   */
  async sync(): Promise<void> {
    const links = await this.#filtering.links();
    for (const { id } of this.#endpoints.all()) {
      await this.#endpoints.whileJoined(id, async () => {
        const endpoint = this.#endpoints.get(id);
        if (endpoint !== undefined) await this.#filtering.set(endpoint);
        return true;
      });
    }
    for (const link of links) await this.#removeUnlessThere(link);
  }

  /** Takes those away that {@link sync} left, and whose links are there no more. Costs nothing when none was left. */
  async sweep(): Promise<void> {
    for (const link of [...this.#left]) await this.#removeUnlessThere(link);
  }

  async #removeUnlessThere(link: string): Promise<void> {
    this.#left.delete(link);
    await this.#endpoints.unlessJoined(this.#endpoints.idOfLink(link) ?? link, async () => {
      const isLeft = await this.#isThere(link);
      if (isLeft) this.#left.add(link);
      else await this.#filtering.removeFrom(link);
      return !isLeft;
    });
  }
}
