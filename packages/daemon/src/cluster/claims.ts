import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { allAddresses, type Endpoint, type LeasedAddress } from '../endpoints/endpoint.ts';
import { hostPrefix } from '../endpoints/endpoint-plan.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { ConflictPolicy } from '../networks/network.ts';

/** An address that this host announces for a container, and that no other host may have. */
export interface Claim {
  readonly address: string;
  readonly family: 4 | 6;
  readonly endpointId: string;
  readonly policy: ConflictPolicy;
}

/** The addresses that are to be this host's alone: those of containers, without the anycast ones. */
export class Claims {
  readonly #endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'endpointAt'>;
  readonly #networks: Pick<NetworkRegistry, 'get'>;

  constructor(deps: {
    readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'endpointAt'>;
    readonly networks: Pick<NetworkRegistry, 'get'>;
  }) {
    this.#endpoints = deps.endpoints;
    this.#networks = deps.networks;
  }

  /** All of them, the latest endpoint first. */
  all(): readonly Claim[] {
    return this.#endpoints
      .all()
      .toReversed()
      .flatMap((endpoint) => this.#claimsOf(endpoint));
  }

  /** What an address is claimed for; undefined when it is not, or not any more. */
  of(address: string): Claim | undefined {
    const endpointId = this.#endpoints.endpointAt(hostPrefix(address));
    const endpoint = endpointId === undefined ? undefined : this.#endpoints.get(endpointId);
    return endpoint === undefined ? undefined : this.#claimsOf(endpoint).find((claim) => claim.address === address);
  }

  #claimsOf(endpoint: Endpoint): Claim[] {
    if (endpoint.sandboxKey === undefined) return [];
    const network = this.#networks.get(endpoint.networkId);
    if (network?.isAnycast) return [];
    const policy = network?.onConflict ?? 'keep';
    const isOurs = ({ isAnycast }: LeasedAddress): boolean => isAnycast !== true;
    return allAddresses(endpoint)
      .filter(isOurs)
      .map(({ address, family }) => ({ address, family, endpointId: endpoint.id, policy }));
  }
}
