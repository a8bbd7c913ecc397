import { isIPv6 } from 'node:net';
import { allAddresses, type FilterMode, type KernelEndpoint, listInForce } from './kernel-endpoint.ts';
import {
  type AllowList,
  type Connections,
  type Direction,
  DIRECTIONS,
  type EndpointFilters,
  parseAllowList,
} from '@routed/netfilter';
import type { Logger } from '../ground/logger.ts';
import { linkLocalsOf } from './endpoint-plan.ts';
import type { NamedDestinations } from './named-destinations.ts';
import { HOST_LINK_PREFIX, linkNames } from '../names/kernel-names.ts';

/** How many lists are kept as they were read: a long one takes a tenth of a second. */
const KEPT_LISTS = 64;

/**
 * How long addresses of containers that have ended are collected before their connections are forgotten: the kernel goes through
 * all connections of the host each time, and a container with a list does not wait for this.
 */
const COLLECT_MS = 1_000;

/** How long links that are down are collected before their filters go, all together: Docker's next calls come first. */
const REMOVAL_MS = 20;

/** Who may enter the endpoints' containers, where these may go, and what they may send: the filters of the endpoints' links. */
export class EndpointFiltering {
  readonly #filters: EndpointFilters;
  readonly #connections: Connections;
  readonly #named: Pick<NamedDestinations, 'set' | 'forget' | 'openings' | 'requireSupport'>;
  readonly #hostResolvers: () => readonly string[];
  readonly #logger: Logger;
  /** What the host's name servers were when a filter last depended on them. */
  #resolvers = '';
  readonly #lists = new Map<string, AllowList>();
  /** Addresses of containers that have ended, and whether no other container has them by now. */
  readonly #ended = new Map<string, (address: string) => boolean>();
  /** Addresses whose connections the next request is about, once there is one. */
  readonly #forgotten = new Set<string>();
  #nextForgetting: Promise<void> | undefined;
  /** Requests about connections, one after another. */
  #last: Promise<void> = Promise.resolve();
  /** Links that are down, whose filters go next, all together; and those whose filters are going. */
  readonly #down = new Set<string>();
  readonly #going = new Set<string>();
  #removing: Promise<void> | undefined;

  constructor(deps: {
    readonly filters: EndpointFilters;
    readonly connections: Connections;
    readonly named: Pick<NamedDestinations, 'set' | 'forget' | 'openings' | 'requireSupport'>;
    /** The name servers of containers that are given none. */
    readonly hostResolvers: () => readonly string[];
    readonly logger: Logger;
  }) {
    this.#filters = deps.filters;
    this.#connections = deps.connections;
    this.#named = deps.named;
    this.#hostResolvers = deps.hostResolvers;
    this.#logger = deps.logger;
  }

  /**
   * Filters the endpoint's link as the endpoint says, from now on; the link need not be there yet.
   *
   * @throws NetfilterError NFT_MISSING when there is an allow list and no nft on this host, QUEUE_UNAVAILABLE when a list has names
   * that nobody can follow on this kernel
   */
  async set(endpoint: KernelEndpoint): Promise<void> {
    const { id, spoof, conntrack, ingressMode, egressMode, egressWhenAway: whenAway } = endpoint;
    const modes = { ingress: ingressMode, egress: egressMode };
    const lists = this.#listsOf(endpoint);
    const observed = DIRECTIONS.filter((direction) => modes[direction] === 'observe');
    const link = linkNames(id).host;
    this.#down.delete(link);
    if (this.#going.has(link)) await this.#removing;
    await this.#named.set(link, lists.egress?.names ?? []);
    await this.#filters.set({
      link,
      addresses: [...addressesOf(endpoint), ...linkLocalsOf(endpoint)],
      spoof,
      ...(conntrack !== undefined && { conntrack }),
      ...lists,
      ...(observed.length > 0 && { observed }),
      ...(whenAway !== undefined && { whenAway }),
      ...(lists.egress !== undefined && { gateways: endpoint.addresses.map(({ gateway }) => gateway) }),
    });
  }

  /**
   * {@link set} for an endpoint whose container is about to start: it does not inherit the connections of the former one with one of
   * its addresses, which a list would never be asked about. Without a list, nobody waits for that.
   *
   * @throws NetfilterError NFT_MISSING; NetlinkError
   */
  async begin(endpoint: KernelEndpoint): Promise<void> {
    const isOpen = DIRECTIONS.every((direction) => listInForce(endpoint, direction) === undefined);
    const forgetting = isOpen ? undefined : this.#forgetAddresses(addressesOf(endpoint));
    await Promise.all([this.set(endpoint), forgetting]);
  }

  /**
   * {@link set} for an endpoint whose lists have changed: connections that could not begin now end.
   *
   * @throws NetfilterError NFT_MISSING; NetlinkError
   */
  async narrow(endpoint: KernelEndpoint): Promise<void> {
    await this.set(endpoint);
    const lists = this.#listsOf(endpoint);
    for (const direction of DIRECTIONS) {
      const list = lists[direction];
      if (list === undefined || modeOf(endpoint, direction) === 'observe') continue;
      const opened = direction === 'egress' ? this.#named.openings(linkNames(endpoint.id).host) : [];
      const all = { entries: [...list.entries, ...opened.map(({ entry }) => entry)] };
      await this.#forget(() => this.#connections.forgetRefused(addressesOf(endpoint), all, direction));
    }
  }

  /**
   * Refuses a list of destinations that cannot hold on this host, before there is a container that it is for, and `routed.conntrack=off`.
   *
   * @throws NetfilterError QUEUE_UNAVAILABLE when it has names that nobody can follow on this kernel; QUEUE_TAKEN, NFT_MISSING;
   * CONNTRACK_UNAVAILABLE
   */
  async requireSupport({ egress, conntrack }: Pick<KernelEndpoint, 'egress' | 'conntrack'>): Promise<void> {
    if (conntrack === 'off') await this.#filters.requireUntracked();
    if (egress !== undefined && this.#listOf(egress, 'egress').names !== undefined) await this.#named.requireSupport();
  }

  /** Whether the host's name servers are others than when a filter last depended on them. */
  areResolversOutdated(): boolean {
    return this.#resolvers !== '' && this.#resolvers !== this.#hostResolvers().join(' ');
  }

  /** The list of each direction that has one: with the name servers among the destinations. */
  #listsOf(endpoint: KernelEndpoint): Readonly<Partial<Record<Direction, AllowList>>> {
    const ingress = listInForce(endpoint, 'ingress');
    const egress = listInForce(endpoint, 'egress');
    return {
      ...(ingress !== undefined && { ingress: this.#listOf(ingress, 'ingress') }),
      ...(egress !== undefined && { egress: this.#withResolvers(this.#listOf(egress, 'egress'), endpoint) }),
    };
  }

  #withResolvers(list: AllowList, { dns, givenDns, isEgressPending }: KernelEndpoint): AllowList {
    // Whose the endpoint is decides what it may ask.
    if (isEgressPending === true) return list;
    const own = dns ?? givenDns;
    if (own === undefined) this.#resolvers = this.#hostResolvers().join(' ');
    return { ...list, entries: [...list.entries, ...resolverEntries(own ?? this.#hostResolvers())] };
  }

  /**
   * Forgets in a moment the connections of an endpoint that has left its sandbox, and nobody waits for it.
   *
   * @param isFree whether no container has an address by then
   */
  end(endpoint: KernelEndpoint, isFree: (address: string) => boolean): void {
    const isFirst = this.#ended.size === 0;
    for (const address of addressesOf(endpoint)) this.#ended.set(address, isFree);
    if (!isFirst) return;
    setTimeout(() => {
      const free = [...this.#ended].filter(([address, isStillFree]) => isStillFree(address));
      this.#ended.clear();
      void this.#forgetAddresses(free.map(([address]) => address));
    }, COLLECT_MS).unref();
  }

  /** Takes the filter of an endpoint's link away; nothing happens when it has none. */
  async remove(endpointId: string): Promise<void> {
    await this.removeFrom(linkNames(endpointId).host);
  }

  /**
   * {@link remove} for a link that is down: nobody need wait, and those of several links go together. What fails is tried again with
   * the next, and by {@link settle}.
   */
  removeSoon(endpointId: string): void {
    this.#down.add(linkNames(endpointId).host);
    this.#removing ??= this.#removeDown();
  }

  /** Waits for what {@link removeSoon} began, and tries once more what failed. */
  async settle(): Promise<void> {
    await this.#removing;
    if (this.#down.size > 0) await (this.#removing ??= this.#removeDown());
  }

  /** The endpoints' links that have a filter. */
  async links(): Promise<string[]> {
    return (await this.#filters.list()).filter((link) => link.startsWith(HOST_LINK_PREFIX));
  }

  /** Takes the filters of links away; nothing happens where there is none. */
  async removeFrom(...links: readonly string[]): Promise<void> {
    await this.#filters.remove(...links);
    for (const link of links) await this.#named.forget(link);
  }

  async #removeDown(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, REMOVAL_MS));
    let areRemoved = true;
    while (areRemoved && this.#down.size > 0) {
      const links = [...this.#down];
      this.#down.clear();
      for (const link of links) this.#going.add(link);
      areRemoved = await this.#removeAll(links);
      this.#going.clear();
    }
    this.#removing = undefined;
  }

  async #removeAll(links: readonly string[]): Promise<boolean> {
    try {
      await this.removeFrom(...links);
      return true;
    } catch (error) {
      this.#logger.warn({ err: error, links }, 'could not remove filters of links that are down; trying again later');
      for (const link of links) this.#down.add(link);
      return false;
    }
  }

  /** What is asked for while another request is under way is one request. */
  #forgetAddresses(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#forgotten.add(address);
    this.#nextForgetting ??= this.#forget(async () => {
      const all = [...this.#forgotten];
      this.#forgotten.clear();
      this.#nextForgetting = undefined;
      await this.#connections.forget(all);
    });
    return this.#nextForgetting;
  }

  /** One after another. The filter holds without it for new connections: a kernel that cannot is no reason to start no container. */
  #forget(work: () => Promise<unknown>): Promise<void> {
    this.#last = this.#last.then(work).then(
      () => undefined,
      (error: unknown) => {
        this.#logger.warn({ err: error }, 'could not end existing connections');
      },
    );
    return this.#last;
  }

  #listOf(text: string, direction: Direction): AllowList {
    const key = `${direction} ${text}`;
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = parseAllowList(text, direction);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size >= KEPT_LISTS && oldest !== undefined) this.#lists.delete(oldest);
    this.#lists.set(key, list);
    return list;
  }
}

function modeOf(endpoint: KernelEndpoint, direction: Direction): FilterMode {
  return (direction === 'ingress' ? endpoint.ingressMode : endpoint.egressMode) ?? 'enforce';
}

/** Port 53 of each, by both protocols. */
function resolverEntries(resolvers: readonly string[]): AllowList['entries'] {
  const targets = resolvers.map((address) => (isIPv6(address) ? `[${address}]` : address));
  const list = targets.flatMap((target) => [`${target}:53/udp`, `${target}:53/tcp`]);
  return list.length === 0 ? [] : parseAllowList(list.join(), 'egress').entries;
}

function addressesOf(endpoint: KernelEndpoint): string[] {
  return allAddresses(endpoint).map(({ address }) => address);
}
