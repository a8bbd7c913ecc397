import type { Rtnl } from '@routed/netns';
import { hostPrefix } from '../endpoints/endpoint-plan.ts';
import { ROUTE_PROTOCOL } from '../endpoints/kernel-names.ts';

/** A prefix that the host reaches directly, and the link that it is on. */
export interface ConnectedPrefix {
  readonly prefix: string;
  readonly description: string;
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
  async holderOf(address: string): Promise<string | undefined> {
    const route = await this.#rtnl.routes.get(address, { exact: true });
    if (route?.destination !== hostPrefix(address)) return undefined;
    const link = route.linkIndex === undefined ? undefined : await this.#rtnl.links.get({ index: route.linkIndex });
    if (route.type === 'local') return `this host itself (link ${link?.name ?? '?'})`;
    if (route.protocol === ROUTE_PROTOCOL) return `a container of this host (link ${link?.name ?? '?'})`;
    const via = route.gateway === undefined ? '' : ` via ${route.gateway}`;
    return `another host (route${via} dev ${link?.name ?? '?'} proto ${route.protocol})`;
  }
}
