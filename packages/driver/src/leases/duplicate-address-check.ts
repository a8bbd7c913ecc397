import type { AddressHolder, HostAddresses } from '@routed/datapath';
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
   * @param isShared whether other hosts may have it too
   * @returns undefined when it is free, or when only other hosts have it and may
   */
  async takerOf({
    address,
    isShared,
  }: {
    readonly address: string;
    readonly isShared: boolean;
  }): Promise<string | undefined> {
    const holder = await this.#host.holderOf(address);
    if (holder === undefined || (holder.isElsewhere && isShared)) return undefined;
    if (holder.isElsewhere) this.#counts.requestsRefused++;
    return holder.description;
  }

  /** Who has an address. */
  async holderOf(address: string): Promise<AddressHolder | undefined> {
    return await this.#host.holderOf(address);
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
   * @param isTakeover whether other hosts may
   * @returns whether other hosts do
   * @throws DriverError ADDRESS_IN_USE
   */
  async beforeAnnouncing(addresses: readonly LeasedAddress[], isTakeover = false): Promise<boolean> {
    const claimed = addresses.filter(({ isAnycast }) => !isAnycast);
    const holders = await Promise.all(claimed.map(({ address }) => this.#host.holderOf(address)));
    const index = holders.findIndex((holder) => holder?.isElsewhere === true);
    if (index < 0 || isTakeover) return index >= 0;
    this.#counts.joinsRefused++;
    throw new DriverError(
      'ADDRESS_IN_USE',
      `address ${claimed[index]?.address ?? ''} is in use by ${holders[index]?.description ?? ''}, which announced it first: ` +
        'start the container again, or choose another address',
    );
  }
}
