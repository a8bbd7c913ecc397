import { allAddresses, hostPrefix } from '@routed/datapath';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Absence } from '../endpoints/absence.ts';
import type { ConflictPolicy } from '../networks/options.ts';
import type { LeasedAddress } from '../leases/leased-address.ts';

/** An address that this host announces for a container, and that no other host may have. */
export interface Claim {
  readonly address: string;
  readonly family: 4 | 6;
  readonly endpointId: string;
  readonly policy: ConflictPolicy;
  /** Whether an operator hands it over now, whatever ids say. */
  readonly isHandedOver: boolean;
  /** Whether one ever did. */
  readonly wasHandedOver: boolean;
  /** Whether this host took it over a moment ago. */
  readonly isNew: boolean;
}

/** By then a router that was restarted during a takeover has told its routes again: OSPF's dead interval is 40 s. */
const NEW_MS = 60_000;

interface ClaimsDeps {
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'endpointAt'>;
  readonly networks: Pick<NetworkRegistry, 'get'>;
  /** Says which endpoints this host announces no more. */
  readonly absence: Pick<Absence, 'isWithdrawn'>;
}

/** The addresses that are to be this host's alone: those of containers, without the anycast ones. */
export class Claims {
  readonly #deps: ClaimsDeps;

  constructor(deps: ClaimsDeps) {
    this.#deps = deps;
  }

  /** All of them, the latest endpoint first. */
  all(): readonly Claim[] {
    return this.#deps.endpoints
      .all()
      .toReversed()
      .flatMap((endpoint) => this.#claimsOf(endpoint));
  }

  /** The families of all of them, IPv4 first: without a claim being made of each. */
  families(): readonly (4 | 6)[] {
    const found = new Set<4 | 6>();
    for (const endpoint of this.#deps.endpoints.all()) {
      if (found.size === 2) break;
      if (!this.#isForOneHost(endpoint)) continue;
      for (const address of endpoint.addresses) if (isForOneHost(address)) found.add(address.family);
      for (const address of endpoint.additional) if (isForOneHost(address)) found.add(address.family);
    }
    return [...found].sort();
  }

  /** What an address is claimed for; undefined when it is not, or not any more. */
  of(address: string): Claim | undefined {
    const endpointId = this.#deps.endpoints.endpointAt(hostPrefix(address));
    const endpoint = endpointId === undefined ? undefined : this.#deps.endpoints.get(endpointId);
    return endpoint === undefined ? undefined : this.#claimsOf(endpoint).find((claim) => claim.address === address);
  }

  #claimsOf(endpoint: Endpoint): Claim[] {
    if (!this.#isForOneHost(endpoint)) return [];
    const { id: endpointId, handoverUntilMs = 0, takenOverAtMs = 0 } = endpoint;
    const isHandedOver = handoverUntilMs > Date.now();
    const policy = isHandedOver ? 'handover' : (this.#deps.networks.get(endpoint.networkId)?.onConflict ?? 'keep');
    const isNew = Date.now() - takenOverAtMs < NEW_MS;
    const common = { endpointId, policy, isHandedOver, wasHandedOver: handoverUntilMs > 0, isNew } as const;
    return allAddresses(endpoint)
      .filter(isForOneHost)
      .map(({ address, family }) => ({ address, family, ...common }));
  }

  #isForOneHost({ id, sandboxKey, networkId, isAnnounced }: Endpoint): boolean {
    if (sandboxKey === undefined || isAnnounced === false || this.#deps.absence.isWithdrawn(id)) return false;
    return this.#deps.networks.get(networkId)?.isAnycast !== true;
  }
}

function isForOneHost({ isAnycast }: LeasedAddress): boolean {
  return isAnycast !== true;
}
