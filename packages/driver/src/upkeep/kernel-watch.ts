import {
  BLOCK_PROTOCOL,
  endpointOfAlias,
  endpointOfLimitAlias,
  DELETE_GROUP,
  HOST_LINK_PREFIX,
  isAsWeMadeIt,
  isDefault,
  isLinkLocalIpv6,
  LINK_GROUP,
  MAIN_TABLE,
  UNANNOUNCED_TABLE,
  ROUTE_PROTOCOL,
} from '@routed/datapath';
import { concernsUplinks, type RulesetWatch } from '@routed/netfilter';
import type {
  AddressEvent,
  Link,
  LinkEvent,
  MonitorEvents,
  NetconfEvent,
  RouteEvent,
  RuleEvent,
  TrafficControlEvent,
} from '@routed/netns';
import type { Blocks } from '../blocks/blocks.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';

/** How long events are collected: what we do ourselves has been noted by then. */
const SETTLE_MS = 100;

/** Repairs of the host are no closer together: where another program undoes them each time, neither keeps a processor busy. */
const HOST_REPAIR_GAP_MS = 250;

/** What reports changes in the kernel: a Monitor of @routed/netns. */
export interface EventSource {
  on<Name extends 'link' | 'address' | 'route' | 'rule' | 'netconf' | 'tc' | 'overrun' | 'error'>(
    event: Name,
    listener: (...data: MonitorEvents[Name]) => void,
  ): unknown;
}

/**
 * Calls for a repair when somebody else takes away what an endpoint needs: a route, its link, its limit, or the gateway's address on
 * it; and for one of the host when rules of the firewall or of policy routing or a gateway's address go, forwarding is switched off, or a link or a default
 * route comes that may lead to other hosts.
 *
 * Our own withdrawals look the same at first; but their endpoint has left its sandbox when the events have settled.
 */
export class KernelWatch {
  readonly #endpoints: Pick<EndpointLifecycle, 'isJoined' | 'endpointAt' | 'idOfLink'>;
  readonly #networks: Pick<NetworkRegistry, 'all'>;
  readonly #blocks: Pick<Blocks, 'has'>;
  readonly #linkAt: (index: number) => Promise<Link | undefined>;
  readonly #repair: () => void;
  readonly #repairHost: () => void;
  #isStopped = false;
  #hostTimer: NodeJS.Timeout | undefined;
  #hostRepairedAt = -HOST_REPAIR_GAP_MS;
  /** Endpoints that may be damaged, by id, or by the index of a link; each until its own events have settled. */
  readonly #settling = new Map<string | number, NodeJS.Timeout>();

  constructor(deps: {
    readonly endpoints: Pick<EndpointLifecycle, 'isJoined' | 'endpointAt' | 'idOfLink'>;
    readonly networks: Pick<NetworkRegistry, 'all'>;
    readonly blocks: Pick<Blocks, 'has'>;
    readonly linkAt: (index: number) => Promise<Link | undefined>;
    readonly repair: () => void;
    readonly repairHost: () => void;
  }) {
    this.#endpoints = deps.endpoints;
    this.#networks = deps.networks;
    this.#blocks = deps.blocks;
    this.#linkAt = deps.linkAt;
    this.#repair = deps.repair;
    this.#repairHost = deps.repairHost;
  }

  /** Listens from now on. */
  start({
    events,
    ruleset,
  }: {
    readonly events: EventSource;
    readonly ruleset?: Pick<RulesetWatch, 'on'> | undefined;
  }): void {
    ruleset?.on('damage', () => this.#noteHost());
    events.on('route', (event) => this.#onRoute(event));
    events.on('rule', (event) => this.#onRule(event));
    events.on('link', (event) => this.#onLink(event));
    events.on('address', (event) => this.#onAddress(event));
    events.on('netconf', (event) => this.#onNetconf(event));
    events.on('tc', (event) => this.#onTrafficControl(event));
    // What was missed may have been damage.
    events.on('overrun', () => {
      this.#repair();
      this.#noteHost();
    });
    // A deaf watch is made up for by the periodic rounds.
    events.on('error', () => undefined);
  }

  /** Calls for no more repairs. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#settling.clear();
    clearTimeout(this.#hostTimer);
  }

  #onRoute({ change, route }: RouteEvent): void {
    if (route.table !== MAIN_TABLE && route.table !== UNANNOUNCED_TABLE) return;
    // An uplink may be known by it.
    if (change === 'new' && isDefault(route)) this.#noteHost();
    // Our own deletions as well, as with rules.
    const isOfBlock = route.protocol === BLOCK_PROTOCOL;
    if (change === 'delete' ? isOfBlock : !isOfBlock && this.#blocks.has(route.destination)) this.#noteHost();
    // A route of ours that comes is no damage; another's may have come in the place of ours, which is not reported by itself.
    if ((change === 'new') === (route.protocol === ROUTE_PROTOCOL)) return;
    const endpointId = this.#endpoints.endpointAt(route.destination);
    if (endpointId !== undefined) this.#note(endpointId);
  }

  /** Our own deletions as well: it is looked once more then, in vain. */
  #onRule({ change, rule }: RuleEvent): void {
    if (change === 'delete' && rule.protocol === ROUTE_PROTOCOL) this.#noteHost();
  }

  #onLink({ change, link }: LinkEvent): void {
    if (concernsUplinks(link)) this.#noteHost();
    const limited = link.group === LINK_GROUP ? endpointOfLimitAlias(link.alias) : undefined;
    if (change === 'delete' && limited !== undefined) this.#note(limited);
    const endpointId = this.#ownerOf(link);
    if (endpointId === undefined) return;
    if (change === 'delete' || !link.isUp || !isAsWeMadeIt(endpointId, link)) this.#note(endpointId);
  }

  /** By its name only where it is up: one that is being made has no alias yet. */
  #ownerOf({ name, alias, group, isUp }: Link): string | undefined {
    if (group === DELETE_GROUP) return undefined;
    const named = isUp && name.startsWith(HOST_LINK_PREFIX) ? this.#endpoints.idOfLink(name) : undefined;
    return named ?? (group === LINK_GROUP ? endpointOfAlias(alias) : undefined);
  }

  #onAddress({ change, address: { address, linkIndex } }: AddressEvent): void {
    if (change !== 'delete') return;
    if (isLinkLocalIpv6(address)) this.#noteLink(linkIndex);
    else if (this.#isGateway(address.replace(/\/\d+$/, ''))) this.#noteHost();
  }

  #onNetconf({ of, isForwarding }: NetconfEvent): void {
    if (of === 'all' && isForwarding === false) this.#noteHost();
  }

  /** Our own deletions as well, which are rare: when the limit of a running container ends. */
  #onTrafficControl({ change, linkIndex }: TrafficControlEvent): void {
    if (change === 'delete') this.#noteLink(linkIndex);
  }

  #isGateway(address: string): boolean {
    return this.#networks.all().some(({ pools }) => pools.some(({ gateway }) => gateway === address));
  }

  #note(endpointId: string): void {
    this.#settle(endpointId, () => {
      if (this.#endpoints.isJoined(endpointId)) this.#repair();
    });
  }

  /** Some events tell the index of a link only, which may be gone by now, or anybody's. */
  #noteLink(index: number): void {
    this.#settle(index, () => {
      this.#linkAt(index).then(
        (link) => {
          const endpointId =
            link?.group === LINK_GROUP ? (endpointOfAlias(link.alias) ?? endpointOfLimitAlias(link.alias)) : undefined;
          if (!this.#isStopped && endpointId !== undefined && this.#endpoints.isJoined(endpointId)) this.#repair();
        },
        // The periodic round looks at all of them.
        () => undefined,
      );
    });
  }

  #settle(subject: string | number, look: () => void): void {
    if (this.#isStopped || this.#settling.has(subject)) return;
    const timer = setTimeout(() => {
      this.#settling.delete(subject);
      look();
    }, SETTLE_MS).unref();
    this.#settling.set(subject, timer);
  }

  #noteHost(): void {
    if (this.#isStopped || this.#hostTimer !== undefined) return;
    const sinceLastMs = performance.now() - this.#hostRepairedAt;
    this.#hostTimer = setTimeout(
      () => {
        this.#hostTimer = undefined;
        this.#hostRepairedAt = performance.now();
        this.#repairHost();
      },
      Math.max(SETTLE_MS, HOST_REPAIR_GAP_MS - sinceLastMs),
    ).unref();
  }
}
