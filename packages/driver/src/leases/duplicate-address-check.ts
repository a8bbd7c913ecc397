import type { HostAddresses } from '@routed/datapath';
import { DriverError } from '../ground/errors.ts';
import type { ConflictCounters } from './conflict-counters.ts';
import type { LeasedAddress } from './leased-address.ts';

/**
 * Whether an address may become a container's: the routing table, which is what the hosts of a cluster share, says who
 * has it. A few microseconds in the kernel, without its lock.
 */
export class DuplicateAddressCheck {
  readonly #host: Pick<HostAddresses, 'holderOf'>;
  readonly #counts: ConflictCounters;

  constructor(deps: { readonly host: Pick<HostAddresses, 'holderOf'>; readonly counts: ConflictCounters }) {
    this.#host = deps.host;
    this.#counts = deps.counts;
  }

  /**
   * Who has an address that somebody asks for by name.
   *
   * @returns undefined when it is free, and for an anycast address also when only other hosts have it
   */
  async takerOf({ address, isAnycast }: Pick<LeasedAddress, 'address' | 'isAnycast'>): Promise<string | undefined> {
    const holder = await this.#host.holderOf(address);
    if (holder === undefined || (holder.isElsewhere && isAnycast)) return undefined;
    if (holder.isElsewhere) this.#counts.requestsRefused++;
    return holder.description;
  }

  /** Whether automatic allocation has to pass over an address; also an anycast one: nobody has asked to share it. */
  async isTaken(address: string): Promise<boolean> {
    const holder = await this.#host.holderOf(address);
    if (holder?.isElsewhere) this.#counts.candidatesSkipped++;
    return holder !== undefined;
  }

  /**
   * Looks once more before addresses are announced, which other hosts may have done since they were leased.
   *
   * @throws DriverError ADDRESS_IN_USE
   */
  async beforeAnnouncing(addresses: readonly LeasedAddress[]): Promise<void> {
    const claimed = addresses.filter(({ isAnycast }) => !isAnycast);
    const holders = await Promise.all(claimed.map(({ address }) => this.#host.holderOf(address)));
    for (const [index, holder] of holders.entries()) {
      if (!holder?.isElsewhere) continue;
      this.#counts.joinsRefused++;
      throw new DriverError(
        'ADDRESS_IN_USE',
        `address ${claimed[index]?.address ?? ''} is in use by ${holder.description}, which announced it first: ` +
          'start the container again, or choose another address',
      );
    }
  }
}
