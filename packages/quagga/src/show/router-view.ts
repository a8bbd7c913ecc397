import type { Announcements, Announcer, PrefixOrigin } from './announcement.ts';
import { bgpAnnouncement, bgpAnnouncers, bgpCompetingRoute, surplusPaths } from './bgp.ts';
import { type Announcers, ospfAnnouncement, ospfAnnouncers } from './ospf.ts';
import { isLowest, type CompetingRoute, type Way } from './competing-route.ts';
import type { RouterLines } from './router-lines.ts';
import { hasKernelRoute, idleRoutes, type LearntRoute, learntRoutes, longestMatch } from './zebra.ts';

/**
 * What the routing daemons of this host know of addresses that others announce.
 *
 * The kernel does not know it: a route of our own wins, and zebra tells nobody of one that loses.
 */
export class RouterView {
  readonly #lines: RouterLines;

  constructor(deps: { readonly lines: RouterLines }) {
    this.#lines = deps.lines;
  }

  /**
   * A text that is another one once a route has come or gone that loses against one of ours. About 1 ms of a daemon's
   * time with 6,000 routes.
   *
   * @returns undefined when no daemon answers
   */
  async inactiveRoutes(families: readonly (4 | 6)[]): Promise<string | undefined> {
    const counts = await Promise.all(
      families.flatMap((family) => [idleRoutes(this.#lines, family), surplusPaths(this.#lines, family)]),
    );
    return counts.every((count) => count === undefined) ? undefined : counts.join(' ');
  }

  /** Who else announces an address, or a prefix. Two questions of 0.1 ms each, whatever the number of routes. */
  async competingRoutes(address: string): Promise<readonly CompetingRoute[]> {
    const [learnt, bgp] = await Promise.all([
      learntRoutes(this.#lines, address),
      bgpCompetingRoute(this.#lines, address),
    ]);
    const others = await Promise.all(
      learnt
        .filter(({ protocol }) => protocol !== 'bgp' || bgp === undefined)
        .map((route) => this.#rival(address, route)),
    );
    return [...others, ...(bgp === undefined ? [] : [bgp])];
  }

  /** What others are told of an address; undefined: no router runs. */
  async announcements(address: string): Promise<Announcements | undefined> {
    const isKnown = await hasKernelRoute(this.#lines, address);
    if (isKnown === undefined) return undefined;
    const answers = [await ospfAnnouncement(this.#lines, address), await bgpAnnouncement(this.#lines, address)];
    const present = answers.filter((found) => found !== undefined);
    return {
      daemons: ['zebra', ...present.map(({ daemon }) => daemon)],
      isKnown,
      announcedBy: present.filter(({ isOurs }) => isOurs).map(({ daemon }) => daemon),
      neighbors: present.reduce((sum, { neighbors }) => sum + neighbors, 0),
    };
  }

  /**
   * Who announces an address, by itself or by the prefix that it lies in.
   *
   * @returns undefined: zebra does not answer; `null`: it has no route to it
   */
  async origin(address: string, nowMs: number = Date.now()): Promise<PrefixOrigin | null | undefined> {
    const match = await longestMatch(this.#lines, address);
    if (match === undefined || match === null) return match;
    const { prefix, routes } = match;
    const used = routes.find(({ isSelected }) => isSelected) ?? routes[0];
    if (used === undefined) return null;
    const [ospf, bgp] = [await ospfAnnouncers(this.#lines, prefix), await bgpAnnouncers(this.#lines, prefix)];
    const ospfWays = routes.find(({ protocol }) => protocol.startsWith('ospf'))?.ways ?? [];
    const announcers = [...(ospf === undefined ? [] : byOspf(ospf, ospfWays)), ...(bgp ?? [])];
    return {
      prefix,
      protocol: used.protocol,
      metric: used.metric,
      ways: used.ways,
      since: new Date(nowMs - used.ageSec * 1000).toISOString(),
      announcers: announcers.sort((one, other) => Number(other.isThisHost) - Number(one.isThisHost)),
    };
  }

  async #rival(address: string, { protocol, ways }: LearntRoute): Promise<CompetingRoute> {
    const announcers = protocol === 'ospf' ? await ospfAnnouncers(this.#lines, address) : undefined;
    if (announcers === undefined) return { protocol, ways, routers: [], isBehindUs: undefined };
    const { own, others } = announcers;
    return { protocol, ways, routers: others.map((id) => `router ${id}`), isBehindUs: isLowest(own, others) };
  }
}

/** Next hops belong to an announcer where it is the only one. */
function byOspf({ own, isOurs, others }: Announcers, ways: readonly Way[]): readonly Announcer[] {
  const mine = { protocol: 'ospf', isThisHost: true, router: own, ways: [] };
  const theirs = others.map((router) => ({
    protocol: 'ospf',
    isThisHost: false,
    router,
    ways: others.length === 1 ? ways : [],
  }));
  return isOurs ? [mine, ...theirs] : theirs;
}
