import { isLinkLocalIpv6, isVirtualGateway, ROUTE_PROTOCOL, routeTo } from '@routed/datapath';
import type { Neighbour, Rtnl } from '@routed/netns';
import { setTimeout as sleep } from 'node:timers/promises';
import { DriverError } from '../ground/errors.ts';

/** How long another machine has to answer one question; on a link it takes a millisecond. */
const ANSWER_MS = 250;
/** A question or its answer may be lost, and a link that has just come up sends nothing for a moment (RFC 5227 asks 3 times). */
const QUESTIONS = 4;
const POLL_MS = 20;

/**
 * Keeps a network from a gateway that another machine has. This host answers for its networks' gateways on every link, and
 * so it would take the traffic of that machine.
 */
export class GatewayCheck {
  readonly #rtnl: Pick<Rtnl, 'routes' | 'links' | 'neighbours'>;

  constructor(deps: { readonly rtnl: Pick<Rtnl, 'routes' | 'links' | 'neighbours'> }) {
    this.#rtnl = deps.rtnl;
  }

  /**
   * Asks by ARP or neighbour discovery who has the gateway, where it is in a prefix that is connected to the host: 1 s
   * at most. Nobody is asked for an address of the host's own, or one that a router leads to.
   *
   * @param origin where the gateway was given, for the error
   * @throws DriverError ADDRESS_IN_USE
   */
  async refuseTaken(gateway: string, origin: string): Promise<void> {
    if (isLinkLocalIpv6(gateway) || isVirtualGateway(gateway)) return;
    const linkIndex = await this.#linkTo(gateway);
    if (linkIndex === undefined) return;
    const mac = await this.#macOf(gateway, linkIndex);
    if (mac === undefined) return;
    const link = await this.#rtnl.links.get({ index: linkIndex });
    throw new DriverError(
      'ADDRESS_IN_USE',
      `${origin}: another machine has ${gateway} (MAC address ${mac} answers on link ${link?.name ?? linkIndex}), and ` +
        'this host would answer in its place: use an address of this host, a free one, or none; without one, the ' +
        "containers' next hop is a virtual address",
    );
  }

  /** The link that an address is on; undefined when it is the host's own, a container's, or behind a router. */
  async #linkTo(address: string): Promise<number | undefined> {
    const route = await routeTo(this.#rtnl, address);
    if (route?.type !== 'unicast' || route.protocol === ROUTE_PROTOCOL || route.gateway !== undefined) return undefined;
    return route.linkIndex;
  }

  async #macOf(address: string, linkIndex: number): Promise<string | undefined> {
    const known = await this.#entryOf(address, linkIndex);
    if (known?.isPermanent === true) return known.mac;
    let mac: string | undefined;
    for (let question = 1; question <= QUESTIONS && mac === undefined; question++)
      mac = await this.#ask(address, linkIndex);
    return mac;
  }

  async #ask(address: string, linkIndex: number): Promise<string | undefined> {
    const { neighbours } = this.#rtnl;
    // What the host knows may be old: only who answers now has the address.
    if ((await this.#entryOf(address, linkIndex)) !== undefined) await neighbours.delete({ linkIndex, address });
    await neighbours.resolve({ linkIndex, address });
    const deadline = performance.now() + ANSWER_MS;
    while (performance.now() < deadline) {
      await sleep(POLL_MS);
      const entry = await this.#entryOf(address, linkIndex);
      if (entry?.mac !== undefined && entry.state !== 'noarp' && entry.state !== 'failed') return entry.mac;
    }
    await neighbours.delete({ linkIndex, address });
    return undefined;
  }

  async #entryOf(address: string, linkIndex: number): Promise<Neighbour | undefined> {
    const entries = await this.#rtnl.neighbours.list({ linkIndex, family: address.includes(':') ? 6 : 4 });
    return entries.find((entry) => entry.address === address);
  }
}
