import { type DesiredEndpoint, type EndpointLinks, hostPrefix, UNANNOUNCED_TABLE } from '@routed/datapath';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Claim } from './claims.ts';
import type { UnannouncedNetworks } from './unannounced-networks.ts';

type Address = Pick<Claim, 'address' | 'endpointId'>;

interface Deps {
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'whileJoined' | 'endpointAt' | 'desired'>;
  readonly links: Pick<EndpointLinks, 'apply'>;
  readonly unannounced: Pick<UnannouncedNetworks, 'track' | 'note' | 'forget' | 'review'>;
}

/**
 * Addresses of containers that this host does not announce for now, because another host does. It goes on delivering to them: their
 * routes are in the table of what is not announced. Kept in memory: what a restart needs to know, the kernel's own routes say.
 */
export class SuppressedRoutes {
  readonly #deps: Deps;
  /** By destination, the endpoint whose route is withheld: another one that gets the address later has its own. */
  readonly #destinations = new Map<string, string>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  has(destination: string): boolean {
    return this.#destinations.has(destination);
  }

  /** What the kernel should have of an endpoint: the routes withheld are where no router sees them. */
  without(endpoint: DesiredEndpoint): DesiredEndpoint {
    const isWithheld = (destination: string): boolean => this.#destinations.get(destination) === endpoint.id;
    if (!endpoint.routes.some(({ destination }) => isWithheld(destination))) return endpoint;
    const routes = endpoint.routes.map((route) =>
      isWithheld(route.destination) ? { ...route, table: UNANNOUNCED_TABLE } : route,
    );
    return { ...endpoint, routes };
  }

  /** Notes that a route is withheld, before the rules are made and the kernel is compared. */
  adopt({ address, endpointId }: Address): void {
    this.#destinations.set(hostPrefix(address), endpointId);
    const networkId = this.#deps.endpoints.get(endpointId)?.networkId;
    if (networkId !== undefined) this.#deps.unannounced.note(networkId, suppressed(address), true);
  }

  /** The container has gone, or the address is not its any more. */
  async forget(address: string): Promise<void> {
    this.#destinations.delete(hostPrefix(address));
    if (this.#deps.unannounced.forget(suppressed(address))) await this.#deps.unannounced.review();
  }

  /** Withdraws the route. The container keeps the address; says whether it still has it. */
  async suppress(claim: Address): Promise<boolean> {
    // The rules are there before the route that needs them, and go after it.
    await this.#track(claim, true);
    const isIts = await this.#change(claim, (destination) => this.#destinations.set(destination, claim.endpointId));
    if (!isIts) await this.#track(claim, false);
    return isIts;
  }

  /** Makes the route again; says whether the container still has the address. */
  async takeBack(claim: Address): Promise<boolean> {
    const isIts = await this.#change(claim, (destination) => this.#destinations.delete(destination));
    if (isIts) await this.#track(claim, false);
    return isIts;
  }

  async #track({ address, endpointId }: Address, isWithheld: boolean): Promise<void> {
    const networkId = this.#deps.endpoints.get(endpointId)?.networkId;
    if (networkId !== undefined) await this.#deps.unannounced.track(networkId, suppressed(address), isWithheld);
  }

  /** Changes what is noted before the route: a repair would undo it. What the kernel refuses is not noted either. */
  async #change({ address, endpointId }: Address, change: (destination: string) => void): Promise<boolean> {
    const { endpoints, links } = this.#deps;
    const destination = hostPrefix(address);
    return await endpoints.whileJoined(endpointId, async () => {
      if (endpoints.endpointAt(destination) !== endpointId) return false;
      const wasSuppressed = this.has(destination);
      const known = endpoints.desired(endpointId);
      change(destination);
      try {
        await links.apply(endpoints.desired(endpointId), known);
      } catch (error) {
        if (wasSuppressed) this.#destinations.set(destination, endpointId);
        else this.#destinations.delete(destination);
        throw error;
      }
      return true;
    });
  }
}

/** What needs the rules: told apart from the same address that this host took over. */
function suppressed(address: string): string {
  return `withheld ${address}`;
}
