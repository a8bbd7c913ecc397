import type { LinkEvent, MonitorEvents, RouteEvent } from '@routed/netns';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { endpointOfAlias, LINK_GROUP, ROUTE_PROTOCOL } from '../endpoints/kernel-names.ts';

/** How long events are collected: what we do ourselves has been noted by then. */
const SETTLE_MS = 100;

/** What reports changes in the kernel: a Monitor of @routed/netns. */
export interface EventSource {
  on<Name extends 'link' | 'route' | 'overrun' | 'error'>(
    event: Name,
    listener: (...data: MonitorEvents[Name]) => void,
  ): unknown;
}

/**
 * Calls for a repair when somebody else takes away what an endpoint needs: a route, or its link.
 *
 * Our own withdrawals look the same at first; but their endpoint has left its sandbox when the events have settled.
 */
export class KernelWatch {
  readonly #endpoints: Pick<EndpointLifecycle, 'isJoined' | 'endpointAt'>;
  readonly #repair: () => void;
  /** Endpoints that may be damaged, each until its own events have settled. */
  readonly #settling = new Map<string, NodeJS.Timeout>();

  constructor(deps: {
    readonly events: EventSource;
    readonly endpoints: Pick<EndpointLifecycle, 'isJoined' | 'endpointAt'>;
    readonly repair: () => void;
  }) {
    this.#endpoints = deps.endpoints;
    this.#repair = deps.repair;
    deps.events.on('route', (event) => this.#onRoute(event));
    deps.events.on('link', (event) => this.#onLink(event));
    // What was missed may have been damage.
    deps.events.on('overrun', () => this.#repair());
    // A deaf watch is made up for by the periodic rounds.
    deps.events.on('error', () => undefined);
  }

  /** Calls for no more repairs. */
  stop(): void {
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#settling.clear();
  }

  #onRoute({ change, route }: RouteEvent): void {
    if (change !== 'delete' || route.protocol !== ROUTE_PROTOCOL) return;
    const endpointId = this.#endpoints.endpointAt(route.destination);
    if (endpointId !== undefined) this.#note(endpointId);
  }

  #onLink({ change, link }: LinkEvent): void {
    const endpointId = endpointOfAlias(link.alias);
    if (endpointId === undefined || link.group !== LINK_GROUP) return;
    if (change === 'delete' || !link.isUp) this.#note(endpointId);
  }

  #note(endpointId: string): void {
    if (this.#settling.has(endpointId)) return;
    const timer = setTimeout(() => {
      this.#settling.delete(endpointId);
      if (this.#endpoints.isJoined(endpointId)) this.#repair();
    }, SETTLE_MS).unref();
    this.#settling.set(endpointId, timer);
  }
}
