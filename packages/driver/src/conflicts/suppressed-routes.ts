import { type DesiredEndpoint, type EndpointLinks, hostPrefix } from '@routed/datapath';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Claim } from './claims.ts';

/**
 * Routes of containers that this host does not have for now, because another host announces the address. Kept in
 * memory: what a restart needs to know, the kernel's own routes say.
 */
export class SuppressedRoutes {
  readonly #endpoints: Pick<EndpointLifecycle, 'whileJoined' | 'endpointAt' | 'desired'>;
  readonly #links: Pick<EndpointLinks, 'apply'>;
  readonly #destinations = new Set<string>();

  constructor(deps: {
    readonly endpoints: Pick<EndpointLifecycle, 'whileJoined' | 'endpointAt' | 'desired'>;
    readonly links: Pick<EndpointLinks, 'apply'>;
  }) {
    this.#endpoints = deps.endpoints;
    this.#links = deps.links;
  }

  has(destination: string): boolean {
    return this.#destinations.has(destination);
  }

  /** What the kernel should have of an endpoint: all but the routes withheld. */
  without(endpoint: DesiredEndpoint): DesiredEndpoint {
    if (!endpoint.routes.some(({ destination }) => this.has(destination))) return endpoint;
    return { ...endpoint, routes: endpoint.routes.filter(({ destination }) => !this.has(destination)) };
  }

  /** Notes that a route is not there, and is not to be. */
  adopt({ address }: Pick<Claim, 'address'>): void {
    this.#destinations.add(hostPrefix(address));
  }

  /** The container has gone, or the address is not its any more. */
  forget(address: string): void {
    this.#destinations.delete(hostPrefix(address));
  }

  /** Withdraws the route. The container keeps the address; says whether it still has it. */
  async suppress(claim: Pick<Claim, 'address' | 'endpointId'>): Promise<boolean> {
    return await this.#change(claim, (destination) => this.#destinations.add(destination));
  }

  /** Makes the route again; says whether the container still has the address. */
  async takeBack(claim: Pick<Claim, 'address' | 'endpointId'>): Promise<boolean> {
    return await this.#change(claim, (destination) => this.#destinations.delete(destination));
  }

  /** Changes what is noted before the route: a repair would undo it. What the kernel refuses is not noted either. */
  async #change(
    { address, endpointId }: Pick<Claim, 'address' | 'endpointId'>,
    change: (destination: string) => void,
  ): Promise<boolean> {
    const destination = hostPrefix(address);
    return await this.#endpoints.whileJoined(endpointId, async () => {
      if (this.#endpoints.endpointAt(destination) !== endpointId) return false;
      const desired = this.#endpoints.desired(endpointId);
      const wasSuppressed = this.has(destination);
      const known = this.without(desired);
      change(destination);
      try {
        await this.#links.apply(this.without(desired), known);
      } catch (error) {
        if (wasSuppressed) this.#destinations.add(destination);
        else this.#destinations.delete(destination);
        throw error;
      }
      return true;
    });
  }
}
