import type { Rtnl } from '@routed/netns';
import { endpointOfAlias, MAIN_TABLE } from '../endpoints/kernel-names.ts';

const ETHERNET_MTU_BYTES = 1500;

/**
 * The MTU that container links should have so that nothing is fragmented on the way out: that of the default
 * route's link, else the smallest of the links that are up, else Ethernet's 1500 bytes.
 */
export async function uplinkMtu(rtnl: Rtnl): Promise<number> {
  const defaults = await rtnl.routes.list({ family: 4, table: MAIN_TABLE });
  const viaIndex = defaults.find(({ destination }) => destination === '0.0.0.0/0')?.linkIndex;
  if (viaIndex !== undefined) {
    const link = await rtnl.links.get({ index: viaIndex });
    if (link !== undefined) return link.mtuBytes;
  }
  const links = await rtnl.links.list();
  const candidates = links.filter(
    ({ isUp, isLoopback, alias }) => isUp && !isLoopback && endpointOfAlias(alias) === undefined,
  );
  return candidates.length === 0 ? ETHERNET_MTU_BYTES : Math.min(...candidates.map(({ mtuBytes }) => mtuBytes));
}
