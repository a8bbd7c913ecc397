import type { AssignmentKeeper } from '../containers/assignment-keeper.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { DockerPools } from '../calls/docker-pools.ts';
import { GracePeriod } from '../ground/grace-period.ts';
import type { Logger } from '@routed/datapath';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Network } from '../networks/network.ts';
import { throwAwayOwner } from '../networks/throw-away.ts';

/** How long something must look forgotten, in at least two rounds, before it is freed. */
const GRACE_MS = 60_000;

interface StaleNetworksDeps {
  readonly networks: Pick<NetworkRegistry, 'all' | 'withoutPool' | 'delete'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all'>;
  readonly sticky: Pick<AssignmentKeeper, 'forgetNetwork'>;
  readonly pools: Pick<DockerPools, 'freeLoose' | 'freeLeftover'>;
  readonly logger: Logger;
}

/**
 * Frees what Docker forgot of networks: a pool that it asked for and made no network of, and a network of which
 * it gave a pool back, as it does at the end, without the DeleteNetwork that comes next. Also what a selftest left that was killed.
 */
export class StaleNetworks {
  readonly #deps: StaleNetworksDeps;
  readonly #stale = new GracePeriod();
  #counts = { networks: 0, pools: 0 };

  constructor(deps: StaleNetworksDeps) {
    this.#deps = deps;
  }

  /** What was freed since the start of this process. */
  get counts(): { readonly networks: number; readonly pools: number } {
    return this.#counts;
  }

  /** Frees what has looked forgotten for long enough. */
  async sweep(): Promise<void> {
    const { networks, pools } = this.#counts;
    const deleted = await this.#deleteStale();
    this.#counts = { networks: networks + deleted, pools: pools + (await this.#deps.pools.freeLoose(GRACE_MS)) };
  }

  /** Deletes a network that Docker provably does not have any more, and frees its pools where nobody else has them. */
  async delete({ id, pools }: Pick<Network, 'id' | 'pools'>): Promise<void> {
    await this.#forget(id);
    for (const { poolId } of pools) await this.#deps.pools.freeLeftover(poolId);
    this.#counts = { ...this.#counts, networks: this.#counts.networks + 1 };
  }

  async #forget(networkId: string): Promise<void> {
    await this.#deps.sticky.forgetNetwork(networkId);
    await this.#deps.networks.delete(networkId);
  }

  async #deleteStale(): Promise<number> {
    const { networks } = this.#deps;
    const thrownAway = networks.all().filter(({ id }) => throwAwayOwner(id) !== undefined);
    const stale = new Set([...networks.withoutPool(), ...thrownAway.map(({ id }) => id)]);
    for (const { networkId } of this.#deps.endpoints.all()) stale.delete(networkId);
    this.#stale.retain(stale);
    const due = this.#stale.over(GRACE_MS);
    for (const networkId of due) {
      this.#deps.logger.warn({ networkId }, 'deleting a stale network');
      await this.#forget(networkId);
      // Of the others Docker gives them back itself.
      const own = thrownAway.find(({ id }) => id === networkId)?.pools ?? [];
      for (const { poolId } of own) await this.#deps.pools.freeLeftover(poolId);
    }
    return due.length;
  }
}
