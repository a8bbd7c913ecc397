import type { Route, Rtnl } from '@routed/netns';
import { hostPrefix, isLinkLocalIpv6 } from '@routed/addresses';
import { ROUTE_PROTOCOL } from '../names/kernel-names.ts';
import type { Logger } from '../ground/logger.ts';
import { DatapathError } from '../ground/errors.ts';
import { isVirtualGateway } from '../names/virtual-gateways.ts';

const LOOPBACK = 'lo';

/**
 * Makes the containers' default gateway answer on every container link.
 *
 * The kernel answers ARP for any of its addresses on any link, so one address on the loopback link serves every
 * container, whether the host has a default route, or any route to the gateway, or not. Proxy ARP would need such a
 * route; an address on each link would become the source of what the host itself sends to the containers.
 * Our addresses carry our protocol number (IFA_PROTO, Linux 5.18); no other is ever removed.
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

  /**
   * Refuses a gateway that is the address of a container: once the host had it, the container would be cut off.
   *
   * @throws DatapathError ADDRESS_IN_USE
   */
  async check(gateway: string): Promise<void> {
    await this.#refuseContainer(gateway, await this.#rtnl.routes.get(gateway, { exact: true }));
  }

  /**
   * Gives the host this address unless it has it on some link already.
   *
   * @throws DatapathError ADDRESS_IN_USE
   */
  async ensure(gateway: string): Promise<void> {
    if (isLinkLocalIpv6(gateway)) return;
    const route = await this.#rtnl.routes.get(gateway, { exact: true });
    if (route?.type === 'local') return;
    await this.#refuseContainer(gateway, route);
    await this.#rtnl.addresses.replace({
      linkIndex: await this.#loopbackIndex(),
      address: hostPrefix(gateway),
      scope: 'link',
      protocol: ROUTE_PROTOCOL,
      skipDuplicateDetection: true,
    });
    this.#logger.info({ gateway, link: LOOPBACK }, 'gateway address added');
  }

  /**
   * Takes back every address that {@link ensure} gave the host and that no network needs. The virtual ones stay as
   * long as there is a network, for containers on several networks.
   *
   * @param needed the gateways of all networks
   */
  async retain(needed: ReadonlySet<string>): Promise<void> {
    const linkIndex = await this.#loopbackIndex();
    for (const { address, protocol } of await this.#rtnl.addresses.list({ linkIndex })) {
      const gateway = withoutLength(address);
      const isNeeded = needed.has(gateway) || (needed.size > 0 && isVirtualGateway(gateway));
      if (protocol === ROUTE_PROTOCOL && !isNeeded) await this.#rtnl.addresses.delete({ linkIndex, address });
    }
  }

  async #refuseContainer(gateway: string, route: Route | undefined): Promise<void> {
    if (route?.type === 'local' || route?.protocol !== ROUTE_PROTOCOL) return;
    const link = route.linkIndex === undefined ? undefined : await this.#rtnl.links.get({ index: route.linkIndex });
    throw new DatapathError(
      'ADDRESS_IN_USE',
      `gateway ${gateway} is the address of a container of this host (link ${link?.name ?? '?'}): ` +
        'choose another --gateway',
    );
  }

  async #loopbackIndex(): Promise<number> {
    const loopback = await this.#rtnl.links.get({ name: LOOPBACK });
    return loopback?.index ?? 1;
  }
}

function withoutLength(address: string): string {
  return address.replace(/\/\d+$/, '');
}
