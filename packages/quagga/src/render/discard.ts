import type { Ospf, Ospf6 } from '../model/ospf.ts';
import type { RouterModel } from '../model/router.ts';
import type { ConfigBlock } from '../text/block.ts';

/** Longer than any protocol’s: whoever announces the same prefix from elsewhere goes first. */
const DISTANCE = 254;

/** A route that drops what has no route of its own, and that only {@link discardBlock} writes. */
export const DISCARD_ROUTE: RegExp = new RegExp(`^(ip|ipv6) route \\S+ blackhole ${DISTANCE}$`);

/** True when a summary needs a route that drops. */
export function discards(model: RouterModel): boolean {
  return discardBlock(model).lines.length > 0;
}

/**
 * Routes for the announced summaries. Whoever announces a prefix drops what nobody in it has (RFC 4632,
 * 5.1). ospfd and ospf6d install no such route, bgpd does. Without it a default route
 * sends the packet back to the neighbor that sent it here, 64 times.
 */
export function discardBlock(model: RouterModel): ConfigBlock {
  const routes = (head: string, settings: Ospf | Ospf6 | undefined): string[] =>
    (settings?.summaryAddresses ?? [])
      .filter(({ advertise }) => advertise !== false)
      .map(({ prefix }) => `${head} route ${prefix} blackhole ${DISTANCE}`);
  return { lines: [...routes('ip', model.ospf), ...routes('ipv6', model.ospf6)].toSorted() };
}
