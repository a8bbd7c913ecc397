import { formatIp, formatPrefix, hostPrefix, parseCidr, parseIp, prefixOf } from '@routed/addresses';
import type { Address } from '../../types/address.ts';
import type { Route } from '../../types/route.ts';
import type { FakeNamespace } from './fake-state.ts';

const FLAGS = { isDead: false, isLinkDown: false, isOnLink: false, isOffloaded: false } as const;
const RTPROT_KERNEL = 2;

/**
 * The routes the kernel makes from addresses: each address itself in table local, its prefix in table main.
 *
 * IPv4 makes no route for a /32 without peer, IPv6 makes one for a /128. Without broadcast and multicast routes.
 */
export function derivedRoutes({ links, addresses }: FakeNamespace): Route[] {
  return addresses.filter(({ linkIndex }) => links.get(linkIndex)?.isUp === true).flatMap(routesOf);
}

function routesOf(address: Address): Route[] {
  const { family, linkIndex, hasNoPrefixRoute, scope } = address;
  const cidr = parseCidr(address.address);
  if (cidr === undefined) return [];
  const own = formatIp(cidr.bytes);
  const common = { family, linkIndex, protocol: RTPROT_KERNEL, nextHops: [{ linkIndex, weight: 1 }], flags: FLAGS };
  const source = family === 4 && { source: own };
  const local: Route = {
    ...common,
    ...source,
    destination: hostPrefix(own),
    scope: family === 4 ? 'host' : 'universe',
    table: 255,
    type: 'local',
  };
  const far = parseIp(address.peer ?? own) ?? cidr;
  const destination = formatPrefix(prefixOf({ ...far, prefixLength: cidr.prefixLength }));
  const isOwnHost = family === 4 && destination === local.destination;
  if (hasNoPrefixRoute || scope === 'host' || isOwnHost) return [local];
  const prefix = {
    ...common,
    ...source,
    destination,
    scope: family === 4 ? 'link' : 'universe',
    table: 254,
    type: 'unicast',
    ...(family === 6 && { metric: 256 }),
  } as const;
  return [local, prefix];
}
