import { uplinkNames } from '@routed/netfilter';
import type { Link, Route, Rtnl } from '@routed/netns';
import { MAIN_TABLE } from '../names/kernel-names.ts';
import { ROUTERS } from './host-addresses.ts';

/** Kinds that only a host's own network configuration makes, besides network cards, which have no kind. */
const CARDS: ReadonlySet<string | undefined> = new Set([undefined, 'bond', 'team']);

/** The links that lead off this host: those that the operator named, else those that are known to. */
export class Uplinks {
  readonly #rtnl: Pick<Rtnl, 'routes'>;
  readonly #named: ReadonlySet<string> | undefined;

  /** @param named by `--uplinks`; absent: they are found by themselves */
  constructor(deps: { readonly rtnl: Pick<Rtnl, 'routes'> }, named?: readonly string[]) {
    this.#rtnl = deps.rtnl;
    this.#named = named === undefined ? undefined : new Set(named);
  }

  /** The names of those that packets of containers may leave by, sorted. */
  namesOf(links: readonly Link[]): string[] {
    if (this.#named === undefined) return uplinkNames(links);
    return [...this.#named].filter((name) => links.some((link) => link.name === name)).sort();
  }

  /** What is neither loopback nor an uplink, named or not: our own links, and those to something else on this host. */
  insideOf(links: readonly Link[]): Link[] {
    const uplinks = new Set([...uplinkNames(links), ...this.namesOf(links)]);
    return links.filter(({ name, isLoopback }) => !isLoopback && !uplinks.has(name));
  }

  /**
   * Whether this host listens to router advertisements on one of {@link Uplinks.namesOf}. What merely looks like an uplink,
   * such as a VLAN that another program has made on a network card, has to carry a default route or routes of a router.
   *
   * Costs a dump of the routes of that link unless it is a network card.
   */
  async hearsRouters({ index, kind }: Pick<Link, 'index' | 'kind'>): Promise<boolean> {
    if (this.#named !== undefined || CARDS.has(kind)) return true;
    const routes = await this.#rtnl.routes.list({ linkIndex: index, table: MAIN_TABLE });
    return routes.some((route) => isDefault(route) || ROUTERS.has(route.protocol));
  }
}

/** Whether a route leads wherever no other does. */
export function isDefault({ destination }: Pick<Route, 'destination'>): boolean {
  return destination === '0.0.0.0/0' || destination === '::/0';
}
