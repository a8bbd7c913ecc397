import { type DesiredEndpoint, type EndpointLinks, hostPrefix, hostRoute } from '@routed/datapath';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Claim } from './claims.ts';

/**
 * Routes of containers that this host does not have for now, because another host announces the address. Kept in
 * memory: what a restart needs to know, the kernel's own routes say.
 */
export class SuppressedRoutes {
  readonly #endpoints: Pick<EndpointLifecycle, 'whileJoined' | 'endpointAt'>;
  readonly #links: Pick<EndpointLinks, 'extend' | 'reduce'>;
  readonly #destinations = new Set<string>();

  constructor(deps: {
    readonly endpoints: Pick<EndpointLifecycle, 'whileJoined' | 'endpointAt'>;
    readonly links: Pick<EndpointLinks, 'extend' | 'reduce'>;
  }) {
    this.#endpoints = deps.endpoints;
    this.#links = deps.links;
  }

  has(destination: string): boolean {
    return this.#destinations.has(destination);
  }

  /** What the kernel should have of an endpoint: all but the routes withheld. */
  without(endpoint: DesiredEndpoint): DesiredEndpoint {
    const { plan } = endpoint;
    if (!plan.routes.some(({ destination }) => this.has(destination))) return endpoint;
    return { ...endpoint, plan: { ...plan, routes: plan.routes.filter(({ destination }) => !this.has(destination)) } };
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
    return await this.#whileClaimed(claim, async (destination) => {
      // Before the route goes: a repair would bring it back.
      this.#destinations.add(destination);
      try {
        await this.#links.reduce(claim.endpointId, { routes: [hostRoute(claim)], neighbours: [] });
      } catch (error) {
        this.#destinations.delete(destination);
        throw error;
      }
    });
  }

  /** Makes the route again; says whether the container still has the address. */
  async takeBack(claim: Pick<Claim, 'address' | 'endpointId'>): Promise<boolean> {
    return await this.#whileClaimed(claim, async (destination) => {
      await this.#links.extend(claim.endpointId, { routes: [hostRoute(claim)], neighbours: [] });
      this.#destinations.delete(destination);
    });
  }

  async #whileClaimed(
    { address, endpointId }: Pick<Claim, 'address' | 'endpointId'>,
    work: (destination: string) => Promise<void>,
  ): Promise<boolean> {
    const destination = hostPrefix(address);
    return await this.#endpoints.whileJoined(endpointId, async () => {
      if (this.#endpoints.endpointAt(destination) !== endpointId) return false;
      await work(destination);
      return true;
    });
  }
}
