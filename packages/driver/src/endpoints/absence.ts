import {
  allAddresses,
  DELETE_GROUP,
  type DesiredEndpoint,
  type EndpointLinks,
  endpointOfAlias,
  HostLinks,
  isHostLinkOf,
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

interface Held {
  /** As its record was then. */
  readonly endpoint: Endpoint;
  /** Why it is withdrawn, for people. */
  readonly why: string;
}

const ENDED_MEANWHILE = 'its container seems to have ended while routed-plugin was down';
const BACK = "its container seems to have ended: the container's end of the link is back on the host";
const DOWN = "its container's end of the link is down";

/**
 * Endpoints whose container seems to have ended: its end of the link was in use, and is back on the host or has no carrier. Their
 * routes are deleted, so that nobody is led to them; they come back as soon as the end is in a container again and has carrier.
 *
 * They do not go to the table of unannounced addresses: nobody is there to deliver to, and where another host announces the
 * address, packets that pass through this host have to reach that one.
 *
 * An end that has not been in use yet is on its way into a container; only those that the daemon finds so at its start count.
 * Whether a container is gone for good, Docker says, or time.
 */
export class Absence {
  readonly #deps: AbsenceDeps;
  readonly #held = new Map<string, Held>();
  /** The endpoints whose containers use their end of the link, by the index of the host's end. */
  readonly #inUse = new Map<number, string>();
  #repair: () => void = () => undefined;

  constructor(deps: AbsenceDeps) {
    this.#deps = deps;
  }

  /** Hears of containers that end and of those that are back; calls `repair` for the routes of the latter. */
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
      if (link === undefined) continue;
      if (isInUse(link)) this.#inUse.set(link.index, id);
      else await this.#withdraw(id, link.index, ENDED_MEANWHILE);
    }
  }

  /** Whether this host announces nothing of the endpoint for now. */
  isWithdrawn(endpointId: string): boolean {
    const held = this.#held.get(endpointId);
    return held !== undefined && this.#deps.endpoints.get(endpointId)?.sandboxKey === held.endpoint.sandboxKey;
  }

  /** What is held back and why, for people. */
  problems(): string[] {
    return [...this.#held]
      .filter(([endpointId]) => this.isWithdrawn(endpointId))
      .map(([endpointId, { why }]) => {
        const next = why === DOWN ? '' : '; it is freed when Docker says so, or after some minutes';
        return `endpoint ${endpointId.slice(0, 12)}: its addresses are not announced: ${why}${next}`;
      });
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
    const there = new Set(links.map(({ index }) => index));
    for (const index of this.#inUse.keys()) if (!there.has(index)) this.#inUse.delete(index);
    for (const link of links) this.#look(link);
    for (const endpointId of this.#held.keys()) if (!this.isWithdrawn(endpointId)) this.#held.delete(endpointId);
  }

  async #withdraw(endpointId: string, linkIndex: number, why: string): Promise<void> {
    const { endpoints, rtnl, links, events, journal, logger } = this.#deps;
    await endpoints.whileJoined(endpointId, async () => {
      const endpoint = endpoints.get(endpointId);
      // Earlier work on the endpoint may have been a Leave and the next Join.
      const link = await rtnl.links.get({ index: linkIndex });
      const isSame = link !== undefined && isHostLinkOf(endpointId, link);
      if (endpoint === undefined || !isSame || isInUse(link) || this.#inUse.has(linkIndex)) return false;
      const known = endpoints.desired(endpointId);
      // Before the routes go: a repair would bring them back.
      this.#held.set(endpointId, { endpoint, why });
      await links.apply(endpoints.desired(endpointId), known);
      logger.warn({ endpointId }, `withdrawn: ${why}`);
      const held = allAddresses(endpoint).map(({ address }) => address);
      journal.record({ kind: 'withdrawn', addresses: held, endpointId, detail: why });
      events.emit('withdraw', held);
      return true;
    });
  }

  #onLink({ change, link }: LinkEvent): void {
    if (change === 'new') {
      this.#look(link);
      return;
    }
    this.#inUse.delete(link.index);
    // The next one is of another start.
    const endpointId = endpointOfAlias(link.alias);
    if (endpointId !== undefined) this.#held.delete(endpointId);
  }

  #look(link: Link): void {
    const endpointId = link.group === DELETE_GROUP ? undefined : endpointOfAlias(link.alias);
    if (endpointId !== undefined && isInUse(link)) {
      this.#inUse.set(link.index, endpointId);
      this.#release(endpointId);
    } else if (endpointId !== undefined) {
      this.#onUnused(link.index, link.peerNetnsId === undefined ? BACK : DOWN);
    } else if (link.group === DELETE_GROUP) {
      // Leave came for it.
      this.#inUse.delete(link.index);
    } else if (link.peerIndex !== undefined && link.peerNetnsId === undefined) {
      // The other end itself tells at once; that ours has no carrier, the kernel tells up to a second later.
      this.#onUnused(link.peerIndex, BACK);
    }
  }

  #onUnused(linkIndex: number, why: string): void {
    const endpointId = this.#inUse.get(linkIndex);
    if (endpointId === undefined) return;
    this.#inUse.delete(linkIndex);
    this.#withdraw(endpointId, linkIndex, why).catch((error: unknown) => {
      this.#deps.logger.error({ err: error, endpointId }, 'an endpoint without a container could not be withdrawn');
    });
  }

  #release(endpointId: string): void {
    const held = this.#held.get(endpointId);
    if (held === undefined) return;
    const isStill = this.isWithdrawn(endpointId);
    this.#held.delete(endpointId);
    if (!isStill) return;
    const addresses = allAddresses(held.endpoint).map(({ address }) => address);
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
