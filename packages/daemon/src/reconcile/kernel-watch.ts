import { concernsUplinks, type RulesetWatch } from '@routed/netfilter';
import type { Link, LinkEvent, MonitorEvents, RouteEvent } from '@routed/netns';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import {
  endpointOfAlias,
  GRAVEYARD_GROUP,
  HOST_LINK_PREFIX,
  isAsWeMadeIt,
  LINK_GROUP,
  ROUTE_PROTOCOL,
} from '../endpoints/kernel-names.ts';

/** How long events are collected: what we do ourselves has been noted by then. */
const SETTLE_MS = 100;

/** Repairs of the host are no closer together: where another program undoes them each time, neither keeps a processor busy. */
const HOST_REPAIR_GAP_MS = 250;

/** What reports changes in the kernel: a Monitor of @routed/netns. */
export interface EventSource {
  on<Name extends 'link' | 'route' | 'overrun' | 'error'>(
    event: Name,
    listener: (...data: MonitorEvents[Name]) => void,
  ): unknown;
}

/**
 * Calls for a repair when somebody else takes away what an endpoint needs: a route, or its link; and for one of the host when
 * rules of the firewall go, or a link comes or goes that may lead to other hosts.
 *
 * Our own withdrawals look the same at first; but their endpoint has left its sandbox when the events have settled.
 */
export class KernelWatch {
  readonly #endpoints: Pick<EndpointLifecycle, 'isJoined' | 'endpointAt' | 'idOfLink'>;
  readonly #repair: () => void;
  readonly #repairHost: () => void;
  #isStopped = false;
  #hostTimer: NodeJS.Timeout | undefined;
  #hostRepairedAt = -HOST_REPAIR_GAP_MS;
  /** Endpoints that may be damaged, each until its own events have settled. */
  readonly #settling = new Map<string, NodeJS.Timeout>();

  constructor(deps: {
    readonly events: EventSource;
    readonly endpoints: Pick<EndpointLifecycle, 'isJoined' | 'endpointAt' | 'idOfLink'>;
    readonly repair: () => void;
    readonly repairHost: () => void;
    readonly ruleset?: Pick<RulesetWatch, 'on'> | undefined;
  }) {
    this.#endpoints = deps.endpoints;
    this.#repair = deps.repair;
    this.#repairHost = deps.repairHost;
    deps.ruleset?.on('damage', () => this.#noteHost());
    deps.events.on('route', (event) => this.#onRoute(event));
    deps.events.on('link', (event) => this.#onLink(event));
    // What was missed may have been damage.
    deps.events.on('overrun', () => {
      this.#repair();
      this.#noteHost();
    });
    // A deaf watch is made up for by the periodic rounds.
    deps.events.on('error', () => undefined);
  }

  /** Calls for no more repairs. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#settling.clear();
    clearTimeout(this.#hostTimer);
  }

  #onRoute({ change, route }: RouteEvent): void {
    if (change !== 'delete' || route.protocol !== ROUTE_PROTOCOL) return;
    const endpointId = this.#endpoints.endpointAt(route.destination);
    if (endpointId !== undefined) this.#note(endpointId);
  }

  #onLink({ change, link }: LinkEvent): void {
    if (concernsUplinks(link)) this.#noteHost();
    const endpointId = this.#ownerOf(link);
    if (endpointId === undefined) return;
    if (change === 'delete' || !link.isUp || !isAsWeMadeIt(endpointId, link)) this.#note(endpointId);
  }

  /** By its name only where it is up: one that is being made has no alias yet. */
  #ownerOf({ name, alias, group, isUp }: Link): string | undefined {
    if (group === GRAVEYARD_GROUP) return undefined;
    const named = isUp && name.startsWith(HOST_LINK_PREFIX) ? this.#endpoints.idOfLink(name) : undefined;
    return named ?? (group === LINK_GROUP ? endpointOfAlias(alias) : undefined);
  }

  #note(endpointId: string): void {
    if (this.#settling.has(endpointId)) return;
    const timer = setTimeout(() => {
      this.#settling.delete(endpointId);
      if (this.#endpoints.isJoined(endpointId)) this.#repair();
    }, SETTLE_MS).unref();
    this.#settling.set(endpointId, timer);
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
