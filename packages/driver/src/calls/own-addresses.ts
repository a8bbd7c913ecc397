import { hostPrefix, type Logger } from '@routed/datapath';
import type { ContainerControl } from '@routed/docker-engine';
import type { Lease } from '@routed/ipam';
import type { Blocks } from '../blocks/blocks.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { DuplicateAddressCheck } from '../leases/duplicate-address-check.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';

interface OwnAddressesDeps {
  readonly docker: Pick<ContainerControl, 'starting'>;
  readonly kept: KeptAddresses;
  readonly claims: Pick<DuplicateAddressCheck, 'isTaken'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt'>;
  readonly blocks: Pick<Blocks, 'mayUse'>;
  readonly logger: Logger;
}

/** More containers than Docker would be asked about. */
const MOST_WAITING = 101;

/** Gives containers that start their own addresses back, where it is certain which container Docker asks for. */
export class OwnAddresses {
  readonly #deps: OwnAddressesDeps;

  constructor(deps: OwnAddressesDeps) {
    this.#deps = deps;
  }

  /**
   * The container's own address, leased for an endpoint. Docker is asked only while the pool has an address that waits for its container.
   *
   * @param name the container's name, where Docker tells it
   * @returns undefined: it has none that it may have now, or it is not certain which container it is
   */
  async giveBack(poolId: string, name: string | undefined): Promise<Lease | undefined> {
    const { docker, kept, endpoints, logger } = this.#deps;
    const [idle] = kept.idle(poolId);
    const networkId = idle === undefined ? undefined : kept.ownerOf({ poolId, address: idle })?.networkId;
    if (networkId === undefined) return undefined;
    const hasEndpoint = (endpointId: string): boolean => endpoints.get(endpointId)?.sandboxKey !== undefined;
    const candidates = kept.waiting(poolId, MOST_WAITING);
    const question = { networkId, name, candidates, hasEndpoint };
    const containerId = (await docker.starting(question)) ?? this.#named(networkId, name);
    if (containerId !== undefined)
      return await kept.takeBack({ poolId, networkId, containerId }, (address) => this.#isUsable(poolId, address));
    logger.debug({ networkId }, 'it is not certain which container starts: it gets a free address');
    return undefined;
  }

  /** The address that has waited for its container for longest, for another one: the pool has no other. */
  async takeOldest(poolId: string): Promise<Lease | undefined> {
    return await this.#deps.kept.takeOldest(poolId, (address) => this.#isUsable(poolId, address));
  }

  /** Docker, which tells the name, does not answer before it has started what it restarts. */
  #named(networkId: string, name: string | undefined): string | undefined {
    if (name === undefined) return undefined;
    const records = this.#deps.kept.all().filter((each) => each.networkId === networkId && each.containerName === name);
    return records.length === 1 ? records[0]?.containerId : undefined;
  }

  async #isUsable(poolId: string, address: string): Promise<boolean> {
    const { claims, endpoints, blocks, logger } = this.#deps;
    if (endpoints.endpointAt(hostPrefix(address)) !== undefined) return false;
    if (!blocks.mayUse(poolId, address)) return false;
    const isTaken = await claims.isTaken(address);
    if (isTaken) logger.info({ address }, 'an address that is kept for its container is in use elsewhere now');
    return !isTaken;
  }
}
