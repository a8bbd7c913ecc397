import {
  allAddresses,
  type DesiredEndpoint,
  type EndpointLinks,
  endpointOfAlias,
  HostLinks,
  type Logger,
} from '@routed/datapath';
import type { Link, LinkEvent, Rtnl } from '@routed/netns';
import type { EndpointLifecycle } from './endpoint-lifecycle.ts';
import type { Endpoint } from './endpoint.ts';
import type { DriverEvents } from '../ground/events.ts';
import type { Journal } from '../ground/journal.ts';
import type { KernelEvents } from '../ground/kernel-events.ts';

interface AbsenceDeps {
  readonly rtnl: Pick<Rtnl, 'links'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'endpointAt' | 'desired' | 'whileJoined'>;
  readonly links: Pick<EndpointLinks, 'apply'>;
  readonly events: DriverEvents;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * Endpoints of the previous run of the daemon whose container seems to have ended since: its end of the link is on the host,
 * or has no carrier. Their routes are withdrawn when the daemon starts, so that nobody is led to them; they come back as
 * soon as the container's end is in a namespace of its own and has carrier, as with a start that the daemon was away for.
 *
 * Whether they are gone for good, Docker says, or time.
 */
export class Absence {
  readonly #deps: AbsenceDeps;
  /** What is held back, as its record was then. */
  readonly #held = new Map<string, Endpoint>();
  #repair: () => void = () => undefined;

  constructor(deps: AbsenceDeps) {
    this.#deps = deps;
  }

  /** Hears of containers that are back; calls `repair` for their routes. */
  listenTo(events: KernelEvents<'link'>, repair: () => void): void {
    this.#repair = repair;
    events.on('link', (event) => this.#onLink(event));
  }

  /** Withdraws the routes of those that there are: once, before the first comparison with the kernel. */
  async withdraw(): Promise<void> {
    const { endpoints, rtnl } = this.#deps;
    const joined = endpoints.all().filter(({ sandboxKey }) => sandboxKey !== undefined);
    if (joined.length === 0) return;
    const links = new HostLinks(await rtnl.links.list({ kind: 'veth' }));
    for (const { id } of joined) {
      const link = links.of(id);
      if (link !== undefined && !isInUse(link)) await this.#withdraw(id);
    }
  }

  /** Whether this host announces nothing of the endpoint for now. */
  isWithdrawn(endpointId: string): boolean {
    const held = this.#held.get(endpointId);
    return held !== undefined && this.#deps.endpoints.get(endpointId)?.sandboxKey === held.sandboxKey;
  }

  /** The endpoints of which this host announces nothing for now. */
  withdrawn(): readonly string[] {
    return [...this.#held.keys()].filter((endpointId) => this.isWithdrawn(endpointId));
  }

  /** Whether the route to this destination is held back. */
  has(destination: string): boolean {
    if (this.#held.size === 0) return false;
    const endpointId = this.#deps.endpoints.endpointAt(destination);
    return endpointId !== undefined && this.isWithdrawn(endpointId);
  }

  /** What the kernel should have of an endpoint: no routes, if they are held back. */
  without(endpoint: DesiredEndpoint): DesiredEndpoint {
    return this.isWithdrawn(endpoint.id) ? { ...endpoint, routes: [] } : endpoint;
  }

  /** What an event may have missed. */
  survey(links: readonly Link[]): void {
    if (this.#held.size === 0) return;
    for (const link of links) this.#look(link);
    for (const endpointId of this.#held.keys()) if (!this.isWithdrawn(endpointId)) this.#held.delete(endpointId);
  }

  async #withdraw(endpointId: string): Promise<void> {
    const { endpoints, links, events, journal, logger } = this.#deps;
    await endpoints.whileJoined(endpointId, async () => {
      const endpoint = endpoints.get(endpointId);
      if (endpoint === undefined) return false;
      // Before the routes go: a repair would bring them back.
      this.#held.set(endpointId, endpoint);
      const desired = endpoints.desired(endpointId);
      await links.apply(this.without(desired), desired);
      const detail = 'its container seems to have ended while routed-plugin was down';
      logger.warn({ endpointId }, `withdrawn: ${detail}`);
      const held = allAddresses(endpoint).map(({ address }) => address);
      journal.record({ kind: 'withdrawn', addresses: held, endpointId, detail });
      events.emit('withdraw', held);
      return true;
    });
  }

  #onLink({ change, link }: LinkEvent): void {
    if (this.#held.size === 0) return;
    const endpointId = endpointOfAlias(link.alias);
    if (change === 'new') this.#look(link);
    // The next one is of another start.
    else if (endpointId !== undefined) this.#held.delete(endpointId);
  }

  #look(link: Link): void {
    const endpointId = endpointOfAlias(link.alias);
    const held = endpointId === undefined ? undefined : this.#held.get(endpointId);
    if (endpointId === undefined || held === undefined || !isInUse(link)) return;
    const isStill = this.isWithdrawn(endpointId);
    this.#held.delete(endpointId);
    if (!isStill) return;
    const addresses = allAddresses(held).map(({ address }) => address);
    const detail = 'its container runs: its end of the link has carrier';
    const { events, journal, logger } = this.#deps;
    logger.info({ endpointId }, `announced again: ${detail}`);
    journal.record({ kind: 'announced', addresses, endpointId, detail });
    events.emit('announce', addresses);
    this.#repair();
  }
}

/** Whether a container has the other end, and it is up; nothing is known of it while the host's own end is down. */
export function isInUse({ peerNetnsId, isUp, hasCarrier }: Link): boolean {
  return peerNetnsId !== undefined && (hasCarrier || !isUp);
}
