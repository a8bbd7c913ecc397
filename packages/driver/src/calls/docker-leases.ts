import { hostPrefix, type Logger } from '@routed/datapath';
import { type Ipam, isIpamError, type Lease, type LeaseKey } from '@routed/ipam';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { DuplicateAddressCheck } from '../leases/duplicate-address-check.ts';
import { type Endpoint, holderOf } from '../endpoints/endpoint.ts';
import type { Journal } from '../ground/journal.ts';
import { DriverError } from '../ground/errors.ts';
import type { UnboundLeases } from '../leases/unbound-leases.ts';
import type { LeasedAddress } from '../leases/leased-address.ts';

/** How long Docker may take from one call for a container to the next. */
const BETWEEN_CALLS_MS = 30_000;

/** What Docker asks for. */
export interface DockerLeaseRequest {
  readonly poolId: string;
  /** The user's `--ip`; absent: any free address. */
  readonly address?: string;
  /** The container's name, on the releases of Docker that tell it. */
  readonly holder?: string;
  /** Whether other hosts may have the address as well. */
  readonly isAnycast?: boolean;
}

interface DockerLeasesDeps {
  readonly ipam: Ipam;
  readonly claims: Pick<DuplicateAddressCheck, 'takerOf' | 'isTaken'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt' | 'deleteIfGone'>;
  readonly loose: UnboundLeases;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * The leases that Docker asks for and gives back, and that it may forget: it dies, or does not reach us, and never
 * repeats a call. Errors of the release are only logged by Docker, so nothing depends on them.
 */
export class DockerLeases {
  readonly #deps: DockerLeasesDeps;

  constructor(deps: DockerLeasesDeps) {
    this.#deps = deps;
  }

  /** Finds what the previous run left loose. */
  load(): void {
    this.#deps.loose.load(
      this.#deps.ipam,
      (address) => this.#deps.endpoints.endpointAt(hostPrefix(address)) !== undefined,
    );
  }

  /**
   * Leases an address for a container that is about to be started.
   *
   * @throws DriverError ADDRESS_IN_USE when another host, or something else on this one, has it
   * @throws IpamError
   */
  async request(request: DockerLeaseRequest): Promise<Lease> {
    const lease = await this.#lease(request);
    this.#deps.loose.add(lease);
    const chosen = request.address === undefined ? 'chosen' : 'requested by name';
    this.#deps.journal.record({
      kind: 'leased',
      addresses: [lease.address],
      detail: `Docker starts a container: ${chosen}`,
    });
    return lease;
  }

  /** Gives an address back, unless a container has it: Docker may repeat a release late, when it was given out again. */
  async release({ poolId, address }: LeaseKey): Promise<void> {
    const endpointId = this.#deps.endpoints.endpointAt(hostPrefix(address));
    if (endpointId !== undefined && !(await this.deleteIfGone(endpointId, BETWEEN_CALLS_MS))) {
      this.#deps.logger.warn({ address, endpointId }, 'release ignored: a container uses the address');
      return;
    }
    if (this.#isOfNetwork({ poolId, address })) {
      this.#deps.logger.debug({ poolId, address }, 'release ignored: the address goes with the pool of its network');
      return;
    }
    await this.#free({ poolId, address }, 'Docker gave it back');
  }

  /** The leases belong to an endpoint from now on; those that Docker did not ask for are made. */
  async attach(addresses: readonly LeasedAddress[], endpoint: Pick<Endpoint, 'id'>): Promise<void> {
    const holder = holderOf(endpoint);
    for (const { poolId, address } of addresses) {
      const lease = this.#deps.ipam.lease(poolId, address);
      if (lease === undefined) await this.#deps.ipam.requestAddress({ poolId, address, purpose: 'endpoint', holder });
      else await this.#deps.ipam.reassignAddress({ ...lease, holder });
      this.#deps.loose.remove({ poolId, address });
    }
  }

  /** The endpoint is gone: Docker gives the leases back next, or never. */
  detach(addresses: readonly LeasedAddress[]): void {
    for (const { poolId, address } of addresses) {
      if (this.#deps.ipam.lease(poolId, address) !== undefined) this.#deps.loose.add({ poolId, address });
    }
  }

  /**
   * Deletes an endpoint whose container is provably gone, see {@link EndpointLifecycle.deleteIfGone}; its leases are
   * loose then.
   */
  async deleteIfGone(endpointId: string, idleMs: number): Promise<boolean> {
    const addresses = this.#deps.endpoints.get(endpointId)?.addresses ?? [];
    const isGone = await this.#deps.endpoints.deleteIfGone(endpointId, idleMs);
    if (isGone) this.detach(addresses);
    return isGone;
  }

  /**
   * The same, and frees its leases: whoever has forgotten the endpoint gives no lease of it back.
   *
   * @returns how many leases, undefined when the endpoint is not gone
   */
  async freeIfGone(endpointId: string, idleMs: number, detail: string): Promise<number | undefined> {
    const addresses = this.#deps.endpoints.get(endpointId)?.addresses ?? [];
    if (!(await this.deleteIfGone(endpointId, idleMs))) return undefined;
    let count = 0;
    for (const lease of addresses) {
      // Somebody may have asked for it meanwhile.
      if (!this.#deps.loose.has(lease)) continue;
      await this.#free(lease, detail);
      count++;
    }
    return count;
  }

  /** Frees what has belonged to no endpoint for so long. Returns how many leases. */
  async freeLoose(olderThanMs: number): Promise<number> {
    const forgotten = this.#deps.loose.olderThan(olderThanMs);
    for (const lease of forgotten) {
      this.#deps.logger.warn({ address: lease.address }, 'freeing a stale address');
      await this.#free(lease, 'stale: Docker does not know it');
    }
    return forgotten.length;
  }

  async #lease({ poolId, address, holder, isAnycast }: DockerLeaseRequest): Promise<Lease> {
    const asker = { poolId, purpose: 'endpoint', ...(holder === undefined ? {} : { holder }) } as const;
    if (address === undefined) {
      const isTaken = (candidate: string): Promise<boolean> => this.#deps.claims.isTaken(candidate);
      return await this.#deps.ipam.requestAddress({ ...asker, isTaken });
    }
    if (this.#deps.ipam.lease(poolId, address) === undefined) await this.#refuseTaken({ address, isAnycast });
    try {
      return await this.#deps.ipam.requestAddress({ ...asker, address });
    } catch (error) {
      if (!isIpamError(error, 'ADDRESS_IN_USE') || !(await this.#freeIfForgotten({ poolId, address }))) throw error;
      return await this.#deps.ipam.requestAddress({ ...asker, address });
    }
  }

  /** Frees an address whose owner is provably gone: nothing in the kernel has it, and Docker has had its time. */
  async #freeIfForgotten(lease: LeaseKey): Promise<boolean> {
    if (this.#deps.ipam.lease(lease.poolId, lease.address)?.purpose !== 'endpoint') return false;
    const endpointId = this.#deps.endpoints.endpointAt(hostPrefix(lease.address));
    const isForgotten =
      endpointId === undefined
        ? this.#deps.loose.isOlderThan(lease, BETWEEN_CALLS_MS)
        : await this.deleteIfGone(endpointId, BETWEEN_CALLS_MS);
    if (!isForgotten) return false;
    this.#deps.logger.warn({ address: lease.address, endpointId }, 'the previous owner of the address is gone');
    await this.#free(lease, 'its previous owner is gone');
    return true;
  }

  /**
   * Whether it is the gateway or a reserved address of a network. Two networks made at once of one pool share these
   * leases, and Docker gives them back for the one that is refused.
   */
  #isOfNetwork({ poolId, address }: LeaseKey): boolean {
    const purpose = this.#deps.ipam.lease(poolId, address)?.purpose;
    return (purpose === 'gateway' || purpose === 'auxiliary') && this.#deps.ipam.pool(poolId)?.owner !== undefined;
  }

  async #free(lease: LeaseKey, detail: string): Promise<void> {
    const wasLeased = await this.#deps.ipam.releaseAddress(lease);
    this.#deps.loose.remove(lease);
    if (wasLeased) this.#deps.journal.record({ kind: 'released', addresses: [lease.address], detail });
  }

  async #refuseTaken(wanted: Pick<LeasedAddress, 'address' | 'isAnycast'>): Promise<void> {
    const taker = await this.#deps.claims.takerOf(wanted);
    if (taker === undefined) return;
    throw new DriverError('ADDRESS_IN_USE', `address ${wanted.address} is in use by ${taker}: choose another --ip`);
  }
}
