import type { Link, Route } from '@routed/netns';
import { endpointOfAlias, isHostLinkOf, LINK_GROUP, linkNames } from '../names/kernel-names.ts';

/** Finds the host links of endpoints among the links of the host, also those that somebody renamed or aliased anew. */
export class HostLinks {
  readonly #byName: ReadonlyMap<string, Link>;
  readonly #byAlias = new Map<string, Link>();
  readonly #byIndex: ReadonlyMap<number, Link>;
  readonly #indexOfDestination: ReadonlyMap<string, number | undefined>;

  /**
   * @param links of the host
   * @param routes of our protocol: a link that has neither its name nor its alias any more is known by the routes on it
   */
  constructor(links: readonly Link[], routes: readonly Pick<Route, 'destination' | 'linkIndex'>[] = []) {
    this.#byName = new Map(links.map((link) => [link.name, link]));
    this.#byIndex = new Map(links.map((link) => [link.index, link]));
    this.#indexOfDestination = new Map(routes.map(({ destination, linkIndex }) => [destination, linkIndex]));
    for (const link of links) {
      const endpointId = link.kind === 'veth' ? endpointOfAlias(link.alias) : undefined;
      if (endpointId !== undefined && isHostLinkOf(endpointId, link)) this.#byAlias.set(endpointId, link);
    }
  }

  /** The endpoint's host link; `destinations` are those of its routes. */
  of(endpointId: string, destinations: readonly string[] = []): Link | undefined {
    const named = this.#byName.get(linkNames(endpointId).host);
    if (named !== undefined && isHostLinkOf(endpointId, named)) return named;
    return this.#byAlias.get(endpointId) ?? this.#atEndOf(destinations);
  }

  /** One that is another endpoint's by name or alias is not this one's, whatever leads to it. */
  #atEndOf(destinations: readonly string[]): Link | undefined {
    for (const destination of destinations) {
      const link = this.#byIndex.get(this.#indexOfDestination.get(destination) ?? -1);
      const isNobodys = link?.group === LINK_GROUP && link.kind === 'veth' && endpointOfAlias(link.alias) === undefined;
      if (isNobodys) return link;
    }
    return undefined;
  }
}
