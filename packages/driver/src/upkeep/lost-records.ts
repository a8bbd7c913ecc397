import { endpointOfAlias, isHostLinkOf, LINK_GROUP } from '@routed/datapath';
import type { Rtnl } from '@routed/netns';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';

/**
 * Whether the kernel has a link of an endpoint that the records do not know: they are older than it is, since a backup was restored,
 * or lost. An endpoint has its record before its link, and its link is on the way out before its record goes.
 */
export async function areRecordsOlder(
  rtnl: Pick<Rtnl, 'links'>,
  endpoints: Pick<EndpointLifecycle, 'get'>,
): Promise<boolean> {
  const links = await rtnl.links.list({ kind: 'veth' });
  return links.some((link) => {
    const endpointId = endpointOfAlias(link.alias);
    if (endpointId === undefined || link.group !== LINK_GROUP || !isHostLinkOf(endpointId, link)) return false;
    return endpoints.get(endpointId) === undefined;
  });
}

/** Whether each container that may run has its records, also that of its network: nothing that it needs looks like a leftover. */
export async function areContainersKnown(
  rtnl: Pick<Rtnl, 'links'>,
  endpoints: Pick<EndpointLifecycle, 'get' | 'all'>,
  networks: Pick<NetworkRegistry, 'get'>,
): Promise<boolean> {
  if (endpoints.all().some(({ networkId }) => networks.get(networkId) === undefined)) return false;
  return !(await areRecordsOlder(rtnl, endpoints));
}
