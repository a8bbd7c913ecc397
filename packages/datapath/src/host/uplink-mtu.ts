import type { Link, Rtnl } from '@routed/netns';
import { endpointOfAlias, MAIN_TABLE } from '../names/kernel-names.ts';

/** The MTU of container links on a host without any uplink, in bytes. */
export const ETHERNET_MTU_BYTES = 1500;

/**
 * The link whose MTU container links should have, so that nothing is fragmented on the way out: that of the default
 * route, else the one with the smallest MTU of those that are up.
 *
 * @param named the names of the links that count; absent: all but those of containers
 * @returns undefined when none of them is up
 */
export async function findUplink(rtnl: Rtnl, named?: readonly string[]): Promise<Link | undefined> {
  const counts = ({ name }: Link): boolean => named === undefined || named.includes(name);
  const defaults = await rtnl.routes.list({ family: 4, table: MAIN_TABLE });
  const viaIndex = defaults.find(({ destination }) => destination === '0.0.0.0/0')?.linkIndex;
  const viaLink = viaIndex === undefined ? undefined : await rtnl.links.get({ index: viaIndex });
  if (viaLink !== undefined && counts(viaLink)) return viaLink;
  const links = await rtnl.links.list();
  const [smallest] = links
    .filter(counts)
    .filter(({ isUp, isLoopback, alias }) => isUp && !isLoopback && endpointOfAlias(alias) === undefined)
    .sort((one, other) => one.mtuBytes - other.mtuBytes);
  return smallest;
}
