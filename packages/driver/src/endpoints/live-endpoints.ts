import { isDeepStrictEqual } from 'node:util';
import {
  allAddresses,
  type DesiredEndpoint,
  type EndpointFiltering,
  type EndpointLinks,
  hostPrefix,
} from '@routed/datapath';
import type { Direction } from '@routed/netfilter';
import type { Repository } from '@routed/store';
import type { DriverEvents } from '../ground/events.ts';
import type { Journal } from '../ground/journal.ts';
import type { KeyedLock } from '@routed/ipam';
import type { Rates } from '../networks/parse-options.ts';
import { type Endpoint, withoutBlocks } from './endpoint.ts';
import type { EndpointPlans } from './endpoint-plans.ts';
import { EndpointRecords } from './endpoint-records.ts';
import { isPending, withList, withPendingOwner } from './owner-pending.ts';
import type { AdditionalAddress, LeasedAddress } from '../leases/leased-address.ts';

/** What changes of endpoints are made with. */
export interface LiveEndpointsDeps {
  readonly links: EndpointLinks;
  readonly plans: EndpointPlans;
  readonly filtering: EndpointFiltering;
  readonly repository: Repository<Endpoint>;
  readonly lock: KeyedLock;
  readonly events: DriverEvents;
  readonly journal: Pick<Journal, 'record'>;
}

/**
 * Changes of endpoints while their containers run: on record, and in the kernel at once if they are in a sandbox.
 *
 * Work on one endpoint is done in the order it was asked for.
 */
export class LiveEndpoints extends EndpointRecords {
  protected readonly links: EndpointLinks;
  protected readonly plans: EndpointPlans;
  protected readonly filtering: EndpointFiltering;
  protected readonly lock: KeyedLock;
  protected readonly events: DriverEvents;
  protected readonly journal: Pick<Journal, 'record'>;

  constructor(deps: LiveEndpointsDeps) {
    super(deps.repository);
    this.links = deps.links;
    this.plans = deps.plans;
    this.filtering = deps.filtering;
    this.lock = deps.lock;
    this.events = deps.events;
    this.journal = deps.journal;
  }

  /** What the kernel should have of each endpoint that is in a sandbox. */
  joined(): DesiredEndpoint[] {
    return this.all()
      .filter(({ sandboxKey }) => sandboxKey !== undefined)
      .map(({ id }) => this.desired(id));
  }

  /**
   * What the kernel should have of an endpoint: nothing that leads to an address which another endpoint has by now.
   *
   * @throws DriverError ENDPOINT_UNKNOWN
   */
  desired(endpointId: string): DesiredEndpoint {
    const plan = this.plans.of(this.index.require(endpointId));
    const isIts = (destination: string): boolean => (this.endpointAt(destination) ?? endpointId) === endpointId;
    return {
      ...plan,
      routes: plan.routes.filter(({ destination }) => isIts(destination)),
      neighbours: plan.neighbours.filter(({ address }) => isIts(hostPrefix(address))),
    };
  }

  /** Does `work` if the endpoint is in a sandbox once all earlier work on it is done; says whether `work` did anything. */
  async whileJoined(endpointId: string, work: () => Promise<boolean>): Promise<boolean> {
    return await this.lock.run(endpointId, async () => this.isJoined(endpointId) && (await work()));
  }

  /** Does `work` if the endpoint is in no sandbox once all earlier work on it, such as a Join, is done. */
  async unlessJoined(endpointId: string, work: () => Promise<boolean>): Promise<boolean> {
    return await this.lock.run(endpointId, async () => !this.isJoined(endpointId) && (await work()));
  }

  /**
   * Gives an endpoint further addresses, leased already: the host's side of them, at once. One that it has stays.
   *
   * @throws DriverError ENDPOINT_UNKNOWN, LINK_MISSING
   */
  async extend(endpointId: string, addresses: readonly AdditionalAddress[]): Promise<void> {
    await this.lock.run(endpointId, async () => {
      const before = this.index.require(endpointId);
      const added = addresses.filter(({ address }) => this.endpointAt(hostPrefix(address)) !== endpointId);
      const after = { ...before, additional: [...before.additional, ...added] };
      const isJoined = await this.revise(
        { before, after },
        [() => this.filtering.set(after), () => this.#lead(after, before)],
        [() => this.links.apply(this.plans.of(before), this.plans.of(after)), () => this.filtering.set(before)],
      );
      if (isJoined && added.length > 0) this.note('announced', before, added, 'added while its container runs');
    });
  }

  /**
   * Takes additional addresses from an endpoint: the host's side of them, at once. Their leases stay.
   *
   * @returns those that it had
   * @throws DriverError ENDPOINT_UNKNOWN
   */
  async reduce(endpointId: string, addresses: ReadonlySet<string>): Promise<readonly AdditionalAddress[]> {
    return await this.lock.run(endpointId, async () => {
      const before = this.index.require(endpointId);
      const removed = before.additional.filter(({ address }) => addresses.has(address));
      const after = { ...before, additional: before.additional.filter((entry) => !removed.includes(entry)) };
      const isJoined = await this.revise(
        { before, after },
        [() => this.links.apply(this.plans.of(after), this.plans.of(before)), () => this.filtering.set(after)],
        [() => this.filtering.set(before), () => this.links.apply(this.plans.of(before), this.plans.of(after))],
      );
      if (isJoined && removed.length > 0) this.note('withdrawn', before, removed, 'removed while its container runs');
      return removed;
    });
  }

  /**
   * Changes who may open connections to an endpoint's container, or whom it may open connections to, at once; absent: everybody.
   * Connections that could not begin now end. The same list again is applied again.
   *
   * @throws DriverError ENDPOINT_UNKNOWN
   * @throws NetfilterError NFT_MISSING
   */
  async filter(endpointId: string, direction: Direction, list: string | undefined): Promise<void> {
    await this.lock.run(endpointId, () => this.#refilter(endpointId, (before) => withList(before, direction, list)));
  }

  /** Has an endpoint's container ask these name servers, which Docker gave it, where `routed.dns` names none. */
  async giveNameServers(endpointId: string, givenDns: readonly string[]): Promise<void> {
    await this.lock.run(endpointId, async () => {
      if (this.index.require(endpointId).givenDns?.join() === givenDns.join()) return;
      await this.#refilter(endpointId, (before) => ({ ...before, givenDns }));
    });
  }

  /**
   * Changes how fast packets may go to an endpoint's container and from it, at once; what is absent stays.
   *
   * @throws DriverError ENDPOINT_UNKNOWN
   * @throws DatapathError LINK_MISSING, KERNEL_FEATURE_MISSING
   */
  async limit(endpointId: string, rates: Rates): Promise<void> {
    await this.lock.run(endpointId, async () => {
      const before = this.index.require(endpointId);
      const after = { ...before, ...rates };
      if (isDeepStrictEqual(before, after)) return;
      await this.revise(
        { before, after },
        [() => this.links.apply(this.plans.of(after), this.plans.of(before))],
        [() => this.links.apply(this.plans.of(before), this.plans.of(after))],
      );
    });
  }

  /**
   * Announces an endpoint to other hosts, or no longer; this host delivers to it either way. The change holds for later Joins too.
   *
   * @param detail why, for people who ask
   * @returns whether there was anything to change
   */
  async announce(endpointId: string, isAnnounced: boolean, detail: string): Promise<boolean> {
    return await this.lock.run(endpointId, async () => {
      const before = this.index.get(endpointId);
      if (before === undefined || (before.isAnnounced ?? true) === isAnnounced) return false;
      const after = { ...before, isAnnounced };
      const isJoined = await this.revise(
        { before, after },
        [() => this.links.apply(this.plans.of(after), this.plans.of(before))],
        [() => this.links.apply(this.plans.of(before), this.plans.of(after))],
      );
      if (isJoined) this.note(isAnnounced ? 'announced' : 'withdrawn', after, allAddresses(after), detail);
      return true;
    });
  }

  /**
   * Announces the addresses of an endpoint one by one, which a block of this host covers so far.
   *
   * @returns whether one covered any
   */
  async uncover(endpointId: string, detail: string): Promise<boolean> {
    return await this.lock.run(endpointId, async () => {
      const before = this.index.get(endpointId);
      if (before === undefined || before.addresses.every(({ block }) => block === undefined)) return false;
      const after = withoutBlocks(before);
      const isJoined = await this.revise(
        { before, after },
        [() => this.links.apply(this.plans.of(after), this.plans.of(before))],
        [() => this.links.apply(this.plans.of(before), this.plans.of(after))],
      );
      if (isJoined && after.isAnnounced !== false) this.note('announced', after, after.addresses, detail);
      return true;
    });
  }

  /** Keeps what decides about the announcement of an endpoint; {@link announce} follows it. @throws DriverError ENDPOINT_UNKNOWN */
  async amend(
    endpointId: string,
    decisive: Partial<
      Pick<
        Endpoint,
        'announce' | 'isWished' | 'isDraining' | 'stopDrain' | 'isEnding' | 'handoverUntilMs' | 'takenOverAtMs'
      >
    >,
  ): Promise<void> {
    await this.lock.run(endpointId, () => this.keep({ ...this.index.require(endpointId), ...decisive }));
  }

  /** Closes a direction until {@link filter} or {@link admit} says who may: whose the endpoint is, is to be learnt. */
  async hold(endpointId: string, direction: Direction): Promise<boolean> {
    return await this.whileJoined(endpointId, async () => {
      await this.#refilter(endpointId, (before) => withPendingOwner(before, [direction]));
      return true;
    });
  }

  /** Ends {@link hold}: it is known whose the endpoint is, and no operator gave its container a list of this direction. */
  async admit(endpointId: string, direction: Direction): Promise<void> {
    await this.lock.run(endpointId, async () => {
      const endpoint = this.index.require(endpointId);
      if (!isPending(endpoint, direction)) return;
      await this.#refilter(endpointId, (before) => withList(before, direction, before[direction]));
    });
  }

  /** Leads to what an endpoint gets beside what it had. Where that fails, its filter is as before again. */
  async #lead(after: Endpoint, before: Endpoint): Promise<void> {
    try {
      await this.links.apply(this.plans.of(after), this.plans.of(before));
    } catch (error) {
      await this.filtering.set(before);
      throw error;
    }
  }

  async #refilter(endpointId: string, change: (before: Endpoint) => Endpoint): Promise<void> {
    const before = this.index.require(endpointId);
    const after = change(before);
    await this.revise({ before, after }, [() => this.filtering.narrow(after)], [() => this.filtering.set(before)]);
  }

  protected note(
    kind: 'announced' | 'withdrawn',
    { id }: Endpoint,
    which: readonly LeasedAddress[],
    detail: string,
  ): void {
    const addresses = which.map(({ address }) => address);
    this.journal.record({ kind, addresses, endpointId: id, detail });
    this.events.emit(kind === 'announced' ? 'announce' : 'withdraw', addresses);
  }
}
