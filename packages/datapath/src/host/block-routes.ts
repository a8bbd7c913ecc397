import { formatPrefix, parsePrefix, type Prefix } from '@routed/addresses';
import type { NewRoute, Route, Rtnl } from '@routed/netns';
import { BLOCK_PROTOCOL, MAIN_TABLE, ROUTE_PROTOCOL } from '../names/kernel-names.ts';

/**
 * The routes of this host's blocks, and their one writer. Of each block, routers announce its discard route.
 *
 * A discard route ends every look-up that finds it, also that of a rule which asks the main table for host routes alone. So each half of
 * a block has a `throw` route, which is more specific, and which routers do not read: the look-up goes on with the next rule. A packet to an
 * address that no container has is unreachable then.
 * Source: linux net/ipv4/fib_trie.c, fib_props; net/ipv6/fib6_rules.c; FRR zebra/rt_netlink.c, netlink_route_change_read_unicast.
 */
export class BlockRoutes {
  readonly #rtnl: Pick<Rtnl, 'routes'>;

  constructor(deps: { readonly rtnl: Pick<Rtnl, 'routes'> }) {
    this.#rtnl = deps.rtnl;
  }

  /** The blocks of which the kernel has routes, and whether it has all of them. @throws NetlinkError */
  async list(): Promise<ReadonlyMap<string, boolean>> {
    const routes = await this.#rtnl.routes.list({ protocol: BLOCK_PROTOCOL, table: MAIN_TABLE });
    const counts = new Map<string, number>();
    for (const block of routes.flatMap(blockOf)) counts.set(block, (counts.get(block) ?? 0) + 1);
    return new Map(Array.from(counts, ([block, count]) => [block, count === 1 + HALVES.length]));
  }

  /**
   * What others have routes to: other hosts, by a router, and whoever else makes routes on this one. One dump.
   *
   * @throws NetlinkError
   */
  async takenByOthers(family: 4 | 6): Promise<readonly string[]> {
    const routes = await this.#rtnl.routes.list({ family, table: MAIN_TABLE });
    return routes
      .filter(({ protocol }) => protocol !== ROUTE_PROTOCOL && protocol !== BLOCK_PROTOCOL)
      .map(({ destination }) => destination);
  }

  /**
   * Announces a block. Repeated, it restores what is missing.
   *
   * @param metric 1 to 65535; absent: the kernel's
   * @throws NetlinkError
   */
  async add(block: string, metric?: number): Promise<void> {
    for (const half of halvesOf(block)) await this.#rtnl.routes.replace(pass(half));
    await this.#rtnl.routes.replace({ ...discard(block), ...(metric !== undefined && { metric }) });
  }

  /** Announces a block no longer. Repeated, it does nothing. @throws NetlinkError */
  async delete(block: string): Promise<void> {
    await this.#rtnl.routes.delete(discard(block));
    for (const half of halvesOf(block)) await this.#rtnl.routes.delete(pass(half));
  }
}

const OURS = { protocol: BLOCK_PROTOCOL, table: MAIN_TABLE } as const;
const HALVES = [0n, 1n] as const;

function discard(destination: string): NewRoute {
  return { ...OURS, destination, type: 'blackhole' };
}

function pass(destination: string): NewRoute {
  return { ...OURS, destination, type: 'throw' };
}

function halvesOf(block: string): readonly string[] {
  const { family, length, first, last } = prefixOf(block);
  const size = (last - first + 1n) / 2n;
  return HALVES.map((half) => {
    const start = first + half * size;
    return formatPrefix({ family, length: length + 1, first: start, last: start + size - 1n });
  });
}

/** The block that a route is of. */
function blockOf({ type, destination }: Route): readonly string[] {
  if (type === 'blackhole') return [destination];
  if (type !== 'throw') return [];
  const { length } = prefixOf(destination);
  return [formatPrefix(prefixOf(destination.replace(/\d+$/, String(length - 1))))];
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new TypeError(`not a prefix: ${text}`);
  return prefix;
}
