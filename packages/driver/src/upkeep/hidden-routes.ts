import { hostPrefixes, type Logger, MAIN_TABLE, protocolName, ROUTE_PROTOCOL } from '@routed/datapath';
import { isNetlinkError, type Route, type Rtnl } from '@routed/netns';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Journal } from '../ground/journal.ts';
import type { KernelEvents } from '../ground/kernel-events.ts';

/** How long events are collected: what is being replaced is whole again by then. */
const SETTLE_MS = 400;
/** Questions under way at once. */
const BATCH = 50;
/** Destinations looked at in one round; the next goes on from there. */
const PER_ROUND = 2_000;

/** A container's address whose packets go another way than ours. */
export interface HiddenRoute {
  readonly address: string;
  readonly endpointId: string;
  /** The route that they take: prefix, device, protocol, metric, table. */
  readonly by: string;
}

interface HiddenRoutesDeps {
  readonly rtnl: Pick<Rtnl, 'routes' | 'links'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'endpointAt' | 'isJoined'>;
  /** Whether a route is not to be there although an endpoint has the address. */
  readonly isWithheld: (destination: string) => boolean;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * Finds routes of others that hide those to containers: one in front of ours with the same metric, one with a better
 * metric, which IPv6 has, or one in a table that is asked first. Ours is there, so nothing is to be repaired, and what
 * somebody else has made is his to take away: it is told, in log, events and status.
 */
export class HiddenRoutes {
  readonly #deps: HiddenRoutesDeps;
  /** By destination. */
  readonly #hidden = new Map<string, HiddenRoute>();
  readonly #due = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #next = 0;

  constructor(deps: HiddenRoutesDeps) {
    this.#deps = deps;
  }

  /** Those that there are. */
  all(): readonly HiddenRoute[] {
    return [...this.#hidden.values()];
  }

  /** Looks at an address as soon as somebody else makes or takes away a route to it. */
  listenTo(events: KernelEvents<'route'>): void {
    events.on('route', ({ route }) => {
      const { destination, protocol } = route;
      // A route of ours that comes back may end it.
      const isOver = protocol === ROUTE_PROTOCOL && !this.#hidden.has(destination);
      if (isOver || this.#deps.endpoints.endpointAt(destination) === undefined) return;
      this.#due.add(destination);
      this.#timer ??= setTimeout(() => this.#checkDue(), SETTLE_MS).unref();
    });
  }

  /** Looks at the addresses of joined endpoints, two thousand at most, and at those that are hidden. */
  async check(): Promise<void> {
    const joined = this.#deps.endpoints.all().filter(({ sandboxKey }) => sandboxKey !== undefined);
    const all = joined.flatMap(hostPrefixes);
    const start = this.#next < all.length ? this.#next : 0;
    this.#next = start + PER_ROUND;
    await this.#look(new Set([...all.slice(start, start + PER_ROUND), ...this.#hidden.keys()]));
  }

  /** Looks no more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #checkDue(): void {
    this.#timer = undefined;
    const due = new Set(this.#due);
    this.#due.clear();
    this.#look(due).catch((error: unknown) => {
      this.#deps.logger.error({ err: error }, 'checking for routes that hide ours failed; retrying');
    });
  }

  async #look(destinations: ReadonlySet<string>): Promise<void> {
    const all = [...destinations];
    for (let start = 0; start < all.length; start += BATCH) {
      await Promise.all(all.slice(start, start + BATCH).map((destination) => this.#lookAt(destination)));
    }
  }

  async #lookAt(destination: string): Promise<void> {
    const by = this.#deps.isWithheld(destination) ? undefined : await this.#hiderOf(destination);
    const endpointId = this.#deps.endpoints.endpointAt(destination);
    const known = this.#hidden.get(destination);
    if (endpointId === undefined || !this.#deps.endpoints.isJoined(endpointId)) {
      this.#hidden.delete(destination);
    } else if (by === undefined) {
      if (known !== undefined) this.#end(known, destination);
    } else if (known?.by !== by || known.endpointId !== endpointId) {
      this.#tell({ address: addressOf(destination), endpointId, by }, destination);
    }
  }

  /** The route that packets to a destination take in place of ours; undefined where they take ours, or there is none. */
  async #hiderOf(destination: string): Promise<string | undefined> {
    try {
      const route = await this.#deps.rtnl.routes.get(addressOf(destination), { exact: true });
      if (route === undefined || !hides(route, destination)) return undefined;
      return await this.#describe(route);
    } catch (error) {
      if (isNetlinkError(error, 'EINVAL')) return `blackhole ${destination}`;
      if (isNetlinkError(error, 'EACCES')) return `prohibit ${destination}`;
      throw error;
    }
  }

  async #describe({ destination, type, protocol, linkIndex, gateway, metric = 0, table }: Route): Promise<string> {
    const link = linkIndex === undefined ? undefined : await this.#deps.rtnl.links.get({ index: linkIndex });
    const words = [
      ...(type === 'unicast' ? [] : [type]),
      destination,
      ...(gateway === undefined ? [] : [`via ${gateway}`]),
      ...(link === undefined ? [] : [`dev ${link.name}`]),
      `proto ${protocolName(protocol)}`,
      `metric ${metric}`,
      ...(table === MAIN_TABLE ? [] : [`table ${table}`]),
    ];
    return words.join(' ');
  }

  #tell(hidden: HiddenRoute, destination: string): void {
    this.#hidden.set(destination, hidden);
    const text = describeHiddenRoute(hidden);
    this.#deps.logger.warn({ ...hidden }, text);
    this.#note(hidden, text);
  }

  #end(hidden: HiddenRoute, destination: string): void {
    this.#hidden.delete(destination);
    const text = `ended: no other route hides the route of ${hidden.address}`;
    this.#deps.logger.info({ ...hidden }, text);
    this.#note(hidden, text);
  }

  #note({ address, endpointId }: HiddenRoute, detail: string): void {
    this.#deps.journal.record({ kind: 'hidden', addresses: [address], endpointId, detail });
  }
}

/** What is the matter with an address, for people. */
export function describeHiddenRoute({ address, endpointId, by }: HiddenRoute): string {
  return (
    `address ${address} of endpoint ${endpointId.slice(0, 12)} is unreachable: another route hides the one of routed ` +
    `(${by}): remove it, or raise its metric`
  );
}

/** A shorter prefix in the main table hides nothing: ours is missing then, and comes back. */
function hides({ destination, protocol, table }: Route, ours: string): boolean {
  return destination === ours ? protocol !== ROUTE_PROTOCOL : table !== MAIN_TABLE;
}

function addressOf(destination: string): string {
  return destination.replace(/\/\d+$/, '');
}
