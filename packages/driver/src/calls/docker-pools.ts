import { type Ipam, isIpamError, type Lease, type Pool, type PoolRequest } from '@routed/ipam';
import type { Logger } from '@routed/datapath';
import { GracePeriod } from '../ground/grace-period.ts';
import type { UnboundLeases } from '../leases/unbound-leases.ts';

/** How long Docker may take from RequestPool to CreateNetwork, or from there to the ReleasePool of a failure. */
const BETWEEN_CALLS_MS = 60_000;

interface DockerPoolsDeps {
  readonly ipam: Ipam;
  /** Whether a network takes additional addresses from a pool. */
  readonly isAllowedPrefix: (poolId: string) => boolean;
  /** Deletes networks that Docker may not know. */
  readonly dropDoubtful: () => Promise<readonly string[]>;
  readonly loose: Pick<UnboundLeases, 'has' | 'remove'>;
  readonly logger: Logger;
}

/**
 * The pools that Docker asks for and gives back.
 *
 * Two `docker network create` at once for one subnet are both given its pool, as Docker names no network yet. One of
 * them fails then, and gives back what is now the other's; so requests of which no network came to be are counted.
 */
export class DockerPools {
  readonly #deps: DockerPoolsDeps;
  /** When each request of which no network has come to be was answered, by pool, on the clock of `performance.now()`. */
  readonly #requests = new Map<string, readonly number[]>();
  /** Pools that belong to nobody. */
  readonly #unowned = new GracePeriod();

  constructor(deps: DockerPoolsDeps) {
    this.#deps = deps;
  }

  /** Opens a pool for a network that is about to be made. @throws IpamError */
  async request(request: PoolRequest): Promise<Pool> {
    let pool = await this.#open(request);
    if (this.#isLeftover(pool.id) && this.#hasLeases(pool.id)) {
      this.#deps.logger.warn({ pool: pool.id }, 'freed addresses of this pool that a crash left leased');
      await this.#free(pool.id);
      pool = await this.#deps.ipam.requestPool(request);
    }
    this.#note(pool.id, [...this.#pending(pool.id), performance.now()]);
    return pool;
  }

  /** A network that Docker may not know is in nobody's way. */
  async #open(request: PoolRequest): Promise<Pool> {
    try {
      return await this.#deps.ipam.requestPool(request);
    } catch (error) {
      const dropped = isIpamError(error) ? await this.#deps.dropDoubtful() : [];
      if (dropped.length === 0) throw error;
      this.#deps.logger.warn({ networks: dropped }, 'removed unconfirmed networks from an interrupted CreateNetwork');
      return await this.#deps.ipam.requestPool(request);
    }
  }

  /** A network has been made of a pool: one of the requests for it is fulfilled. */
  fulfil(poolId: string): void {
    this.#note(poolId, this.#pending(poolId).slice(1));
  }

  /** Whether a network of ours has been made of the pool, or takes additional addresses from it. */
  hasNetwork(poolId: string): boolean {
    return this.#deps.ipam.pool(poolId)?.owner !== undefined || this.#deps.isAllowedPrefix(poolId);
  }

  /** Gives a pool back, unless somebody else has it or is about to. */
  async release(poolId: string): Promise<void> {
    const [given, ...others] = this.#pending(poolId);
    this.#note(poolId, others);
    const isAnothers = others.length > 0 || (given !== undefined && this.#deps.ipam.pool(poolId)?.owner !== undefined);
    if (!isAnothers && !this.#deps.isAllowedPrefix(poolId)) await this.#deps.ipam.releasePool(poolId);
  }

  /** Frees a pool of a network that is no more at once, unless somebody has it, or an address of it, or is about to. */
  async freeLeftover(poolId: string): Promise<void> {
    if (this.#isLeftover(poolId)) await this.#free(poolId);
  }

  /** Frees pools that have belonged to nobody for so long, in two rounds at least. Returns how many. */
  async freeLoose(olderThanMs: number): Promise<number> {
    const ids = this.#deps.ipam.pools().map(({ id }) => id);
    this.#unowned.retain(new Set(ids.filter((id) => this.#isLoose(id))));
    let count = 0;
    for (const id of this.#unowned.over(olderThanMs)) {
      // Somebody may have asked for it meanwhile.
      if (!this.#isLoose(id)) continue;
      this.#deps.logger.warn({ pool: id }, 'freeing a stale pool');
      await this.#deps.ipam.releasePool(id);
      count++;
    }
    return count;
  }

  /** Nobody makes a network of it, and what is leased of it was leased for one that never came to be, or is gone. */
  #isLeftover(poolId: string): boolean {
    const leases = [...this.#deps.ipam.leases(poolId)];
    return this.#isUnclaimed(poolId) && leases.every((lease) => isReserved(lease) || this.#deps.loose.has(lease));
  }

  #hasLeases(poolId: string): boolean {
    return this.#deps.ipam.usage(poolId).leased > 0;
  }

  async #free(poolId: string): Promise<void> {
    for (const { address } of this.#deps.ipam.leases(poolId)) this.#deps.loose.remove({ poolId, address });
    await this.#deps.ipam.releasePool(poolId);
  }

  /** Nobody makes a network of it, and no container has or gets an address of it. */
  #isLoose(poolId: string): boolean {
    return this.#isUnclaimed(poolId) && [...this.#deps.ipam.leases(poolId)].every(isReserved);
  }

  /** Nobody has claimed it, or is about to. */
  #isUnclaimed(poolId: string): boolean {
    return !this.hasNetwork(poolId) && this.#pending(poolId).length === 0;
  }

  #note(poolId: string, atMs: readonly number[]): void {
    if (atMs.length === 0) this.#requests.delete(poolId);
    else this.#requests.set(poolId, atMs);
  }

  #pending(poolId: string): readonly number[] {
    const since = performance.now() - BETWEEN_CALLS_MS;
    return (this.#requests.get(poolId) ?? []).filter((atMs) => atMs > since);
  }
}

/** A gateway, or an address that the operator keeps from containers. */
function isReserved({ purpose }: Lease): boolean {
  return purpose === 'gateway' || purpose === 'auxiliary';
}
