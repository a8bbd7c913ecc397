import type { Rtnl } from '@routed/netns';
import { hostPrefix, isLinkLocalIpv6 } from '../endpoints/endpoint-plan.ts';
import { isVirtualGateway } from '../endpoints/sandbox-gateways.ts';
import type { Logger } from '../logger.ts';

/** The link that holds the gateway addresses that the host does not have otherwise. */
export const GATEWAY_LINK = 'routed0';
const GATEWAY_LINK_ALIAS = 'routed:gateway';

/**
 * Makes the containers' default gateway answer on every container link.
 *
 * The kernel answers ARP for any of its addresses on any link, so one address on one dummy link serves every
 * container, whether the host has a default route, or any route to the gateway, or not. Proxy ARP would need such a
 * route; an address on each link would become the source of what the host itself sends to the containers.
 * A link-local IPv6 gateway is not handled here: it is an address of each container link.
 *
 * Source: linux net/ipv4/arp.c arp_process; devinet.c inet_select_addr (scope link is not chosen for other links).
 */
export class Gateways {
  readonly #rtnl: Rtnl;
  readonly #logger: Logger;

  constructor(deps: { readonly rtnl: Rtnl; readonly logger: Logger }) {
    this.#rtnl = deps.rtnl;
    this.#logger = deps.logger;
  }

  /** Gives the host this address unless it has it on some link already. */
  async ensure(gateway: string): Promise<void> {
    if (isLinkLocalIpv6(gateway)) return;
    const route = await this.#rtnl.routes.get(gateway, { exact: true });
    if (route?.type === 'local') return;
    const address = hostPrefix(gateway.includes(':') ? 6 : 4, gateway);
    await this.#rtnl.addresses.replace({
      linkIndex: await this.#ensureLink(),
      address,
      scope: 'link',
      skipDuplicateDetection: true,
    });
    this.#logger.info({ gateway, link: GATEWAY_LINK }, 'gateway address added');
  }

  /**
   * Takes back every address that {@link ensure} gave the host and that no network needs. The virtual ones stay as
   * long as there is a network, for containers on several networks.
   *
   * @param needed the gateways of all networks
   */
  async retain(needed: ReadonlySet<string>): Promise<void> {
    const link = await this.#rtnl.links.get({ name: GATEWAY_LINK });
    if (link?.alias !== GATEWAY_LINK_ALIAS) return;
    if (needed.size === 0) {
      await this.#rtnl.links.delete({ index: link.index });
      return;
    }
    for (const { address } of await this.#rtnl.addresses.list({ linkIndex: link.index })) {
      const bare = address.replace(/\/\d+$/, '');
      if (needed.has(bare) || isVirtualGateway(bare) || isLinkLocalIpv6(bare)) continue;
      await this.#rtnl.addresses.delete({ linkIndex: link.index, address });
    }
  }

  async #ensureLink(): Promise<number> {
    const link = await this.#rtnl.links.get({ name: GATEWAY_LINK });
    if (link !== undefined) return link.index;
    const { index } = await this.#rtnl.links.createDummy({
      name: GATEWAY_LINK,
      alias: GATEWAY_LINK_ALIAS,
      isUp: true,
    });
    return index;
  }
}
