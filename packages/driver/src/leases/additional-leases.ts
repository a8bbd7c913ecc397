import { type Ipam, isIpamError, type Lease } from '@routed/ipam';
import type { DuplicateAddressCheck } from './duplicate-address-check.ts';
import type { Logger } from '@routed/datapath';
import type { KeptAddresses } from './kept-addresses.ts';
import { DriverError } from '../ground/errors.ts';
import type { AdditionalAddress, LeasedAddress } from './leased-address.ts';

/** Whose the addresses are to be. */
export interface Claimant {
  /** For people, such as `endpoint 3f2a…`; the same claimant may claim the same addresses again. */
  readonly holder: string;
  /** Whether the leases outlive the endpoint. */
  readonly isSticky: boolean;
  /** Whether the addresses may be those of containers of other hosts. */
  readonly isTakeover?: boolean | undefined;
}

interface AdditionalLeasesDeps {
  readonly ipam: Ipam;
  readonly claims: Pick<DuplicateAddressCheck, 'takerOf'>;
  readonly kept: Pick<KeptAddresses, 'giveUp'>;
  readonly logger: Logger;
}

/** Leases of the addresses that Docker does not know of: nobody but us gives them back. */
export class AdditionalLeases {
  readonly #deps: AdditionalLeasesDeps;

  constructor(deps: AdditionalLeasesDeps) {
    this.#deps = deps;
  }

  /**
   * Leases the addresses, all or none of them.
   *
   * @throws DriverError ADDRESS_IN_USE with the holder, INVALID_ADDRESS
   */
  async claim(addresses: readonly LeasedAddress[], claimant: Claimant): Promise<AdditionalAddress[]> {
    const claimed: AdditionalAddress[] = [];
    try {
      for (const address of addresses) {
        await this.#claimOne(address, claimant);
        claimed.push({ ...address, isSticky: claimant.isSticky });
      }
      return claimed;
    } catch (error) {
      await this.release(claimed);
      throw error;
    }
  }

  /** Gives the addresses back. */
  async release(addresses: readonly LeasedAddress[]): Promise<void> {
    await Promise.all(addresses.map(({ poolId, address }) => this.#deps.ipam.releaseAddress({ poolId, address })));
  }

  /** Gives back the leases for which no record came to be: a crash was in between. */
  async releaseOrphans(of: 'additional' | 'sticky', isKnown: (lease: Lease) => boolean): Promise<void> {
    for (const { id } of this.#deps.ipam.pools()) {
      const orphans = [...this.#deps.ipam.leases(id)].filter((lease) => lease.purpose === of && !isKnown(lease));
      for (const { poolId, address, holder } of orphans) {
        this.#deps.logger.warn({ address, holder }, 'releasing a stale lease left by a crash');
        await this.#deps.ipam.releaseAddress({ poolId, address });
      }
    }
  }

  async #claimOne(
    { poolId, address, isAnycast }: LeasedAddress,
    { holder, isSticky, isTakeover }: Claimant,
  ): Promise<void> {
    const purpose = isSticky ? 'sticky' : 'additional';
    await this.#deps.kept.giveUp({ poolId, address });
    if (this.#deps.ipam.lease(poolId, address) === undefined) {
      const taker = await this.#deps.claims.takerOf({ address, isShared: isAnycast === true || isTakeover === true });
      if (taker !== undefined) throw inUse(address, `in use by ${taker}`);
    }
    try {
      await this.#deps.ipam.requestAddress({ poolId, address, purpose, holder });
    } catch (error) {
      if (isIpamError(error, 'ADDRESS_IN_USE')) throw inUse(address, `in use by ${error.holder ?? 'another'}`, error);
      if (isIpamError(error))
        throw new DriverError('INVALID_ADDRESS', `additional address ${address}: ${error.message}`);
      throw error;
    }
  }
}

function inUse(address: string, reason: string, cause?: unknown): DriverError {
  return new DriverError('ADDRESS_IN_USE', `additional address ${address} is ${reason}: choose another`, { cause });
}
