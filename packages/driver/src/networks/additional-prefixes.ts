import type { HostAddresses } from '@routed/datapath';
import { type Ipam, isIpamError, type Pool } from '@routed/ipam';
import { ADDRESS_SPACES } from './address-spaces.ts';
import { DriverError } from '../ground/errors.ts';
import type { NetworkPrefix } from './network.ts';

/**
 * The prefixes that networks allow for additional addresses, as pools. Nobody claims them: several networks may allow
 * the same prefix, also one that is the subnet of another network.
 */
export class AdditionalPrefixes {
  readonly #ipam: Ipam;
  readonly #host: Pick<HostAddresses, 'connectedPrefixes'>;

  constructor(deps: { readonly ipam: Ipam; readonly host: Pick<HostAddresses, 'connectedPrefixes'> }) {
    this.#ipam = deps.ipam;
    this.#host = deps.host;
  }

  /**
   * Opens a prefix; one that is open already stays as it is.
   *
   * @throws DriverError INVALID_OPTION when it overlaps another one without being the same, or a link of the host
   */
  async open(prefix: string): Promise<NetworkPrefix> {
    const [known] = this.#ipam.findPools(prefix, ADDRESS_SPACES.local);
    const { id: poolId, family } = known ?? (await this.#openPool(prefix));
    return { poolId, family, prefix };
  }

  /** Closes the prefixes that are no network's subnet and that no other network allows. */
  async close(prefixes: readonly NetworkPrefix[], isAllowed: (poolId: string) => boolean): Promise<void> {
    for (const { poolId } of prefixes) {
      const isFree = this.#ipam.pool(poolId)?.owner === undefined && !isAllowed(poolId);
      if (isFree) await this.#ipam.releasePool(poolId);
    }
  }

  /** Closes what was opened for a network of which no record came to be: a crash was in between. */
  async closeOrphans(isAllowed: (poolId: string) => boolean): Promise<void> {
    const unused = this.#ipam.pools().filter(({ id }) => this.#ipam.usage(id).leased === 0);
    await this.close(
      unused.map(({ id, family, prefix }) => ({ poolId: id, family, prefix })),
      isAllowed,
    );
  }

  async #openPool(prefix: string): Promise<Pool> {
    const connectedPrefixes = await this.#host.connectedPrefixes(prefix.includes(':') ? 6 : 4);
    try {
      return await this.#ipam.requestPool({ addressSpace: ADDRESS_SPACES.local, prefix, connectedPrefixes });
    } catch (error) {
      if (!isIpamError(error)) throw error;
      throw new DriverError('INVALID_OPTION', `driver option routed.prefixes: ${error.message}`, { cause: error });
    }
  }
}
