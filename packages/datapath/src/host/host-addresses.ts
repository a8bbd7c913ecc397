import type { Rtnl } from '@routed/netns';
import { hostPrefix } from '@routed/addresses';
import { CONNECTION_MARKS } from '@routed/netfilter';
import { ROUTE_PROTOCOL } from '../names/kernel-names.ts';
import { routeTo } from './route-to.ts';

/** A prefix that the host reaches directly, and the link that it is on. */
export interface ConnectedPrefix {
  readonly prefix: string;
  readonly description: string;
}

/** Who has an address. */
export interface AddressHolder {
  /** Whether it is another host, which a route of a router leads to. */
  readonly isElsewhere: boolean;
  /** For people. */
  readonly description: string;
}

/** Routing daemons by the protocol number of their routes. Source: iproute2 etc/rt_protos, FRR zebra/rt_netlink.h. */
export const ROUTERS: ReadonlyMap<number, string> = new Map([
  [11, 'zebra'],
  [12, 'bird'],
  [42, 'babel'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [192, 'eigrp'],
]);

/** A routing daemon by the protocol number of its routes, any other protocol by its number. */
export function protocolName(protocol: number): string {
  return ROUTERS.get(protocol) ?? String(protocol);
}

/** What the host's own addresses and routes say about addresses that a container might get. */
export class HostAddresses {
  readonly #rtnl: Rtnl;

  constructor(deps: { readonly rtnl: Rtnl }) {
    this.#rtnl = deps.rtnl;
  }

  /** The prefixes that are connected to the host: its links' addresses with more than one address in their prefix. */
  async connectedPrefixes(family: 4 | 6): Promise<ConnectedPrefix[]> {
    const fullLength = family === 4 ? '/32' : '/128';
    const names = new Map((await this.#rtnl.links.list()).map(({ index, name }) => [index, name]));
    const addresses = await this.#rtnl.addresses.list({ family });
    return addresses
      .filter(({ address, scope }) => scope === 'universe' && !address.endsWith(fullLength))
      .map(({ address, linkIndex }) => ({ prefix: address, description: names.get(linkIndex) ?? `link ${linkIndex}` }));
  }

  /**
   * Who has this very address according to the kernel's routes: the host, a container, or another host.
   * One look-up, whatever the number of routes.
   *
   * @returns undefined when no route is for this address alone
   */
  async holderOf(address: string): Promise<AddressHolder | undefined> {
    // As a connection that begins here: routes of other hosts come before that to a container which is not announced.
    const route = await routeTo(this.#rtnl, address, CONNECTION_MARKS.opened);
    if (route?.destination !== hostPrefix(address)) return undefined;
    if (route.type === 'local') return here('this host itself', await this.#linkName(route));
    if (route.protocol === ROUTE_PROTOCOL) return here('a container of this host', await this.#linkName(route));
    const hops = await Promise.all(
      route.nextHops.map(async (hop) => {
        const via = hop.gateway === undefined ? '' : `via ${hop.gateway} `;
        return `${via}dev ${await this.#linkName(hop)}`;
      }),
    );
    const way = [...hops, `proto ${protocolName(route.protocol)}`].join(' ');
    return { isElsewhere: true, description: `another host (route ${way})` };
  }

  async #linkName({ linkIndex }: { readonly linkIndex?: number }): Promise<string> {
    const link = linkIndex === undefined ? undefined : await this.#rtnl.links.get({ index: linkIndex });
    return link?.name ?? '?';
  }
}

function here(holder: string, linkName: string): AddressHolder {
  return { isElsewhere: false, description: `${holder} (link ${linkName})` };
}
