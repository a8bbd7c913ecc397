import { allAddresses, type Gateways, hostPrefix, hostPrefixes, joinReply, type Logger } from '@routed/datapath';
import type { Direction } from '@routed/netfilter';
import type { JoinReply } from '@routed/plugin-protocol';
import type { HostDrain } from './host-drain.ts';
import type { DuplicateAddressCheck } from '../leases/duplicate-address-check.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { AdditionalLeases } from '../leases/additional-leases.ts';
import { type Endpoint, holderOf, withoutStop } from './endpoint.ts';
import { LiveEndpoints, type LiveEndpointsDeps } from './live-endpoints.ts';
import { withKnownOwner, withPendingOwner } from './owner-pending.ts';
import { StrayFilters } from './sync-filters.ts';
import type { LeasedAddress } from '../leases/leased-address.ts';

/** What operators gave to containers, for endpoints of which nobody has said yet whose they are. */
export interface OperatorsGifts {
  /** The directions in which a container of the network has a list from an operator. */
  directionsWithLists(networkId: string): readonly Direction[];
}

/**
 * The life of endpoints, from CreateEndpoint to DeleteEndpoint.
 *
 * Work on one endpoint is done in the order it was asked for. Every step may be repeated: it then finds its work
 * done and answers the same.
 */
export class EndpointLifecycle extends LiveEndpoints {
  readonly #networks: NetworkRegistry;
  readonly #gateways: Gateways;
  readonly #claims: Pick<DuplicateAddressCheck, 'beforeAnnouncing'>;
  readonly #leases: AdditionalLeases;
  readonly #strays: StrayFilters;
  readonly #gifts: OperatorsGifts;
  readonly #hostDrain: Pick<HostDrain, 'isDraining'>;
  readonly #logger: Logger;

  constructor(
    deps: LiveEndpointsDeps & {
      readonly networks: NetworkRegistry;
      readonly gateways: Gateways;
      readonly claims: Pick<DuplicateAddressCheck, 'beforeAnnouncing'>;
      readonly leases: AdditionalLeases;
      readonly gifts: OperatorsGifts;
      readonly hostDrain: Pick<HostDrain, 'isDraining'>;
      readonly logger: Logger;
    },
  ) {
    super(deps);
    this.#networks = deps.networks;
    this.#gateways = deps.gateways;
    this.#claims = deps.claims;
    this.#leases = deps.leases;
    this.#strays = new StrayFilters(this, { filtering: deps.filtering, isThere: (link) => deps.links.isThere(link) });
    this.#gifts = deps.gifts;
    this.#hostDrain = deps.hostDrain;
    this.#logger = deps.logger;
  }

  /** Takes up the endpoints of the previous run. */
  async load(): Promise<void> {
    await this.loadRecords();
    await this.#leases.releaseOrphans(
      'additional',
      ({ address }) => this.endpointAt(hostPrefix(address)) !== undefined,
    );
  }

  /** Takes up an endpoint that is in its sandbox and has all that it needs in the kernel, but no record. */
  async adopt(endpoint: Endpoint & { readonly sandboxKey: string }): Promise<void> {
    await this.lock.run(endpoint.id, async () => {
      if (this.index.get(endpoint.id) !== undefined) return;
      await this.keep(this.#asUnknown(endpoint));
      this.sandboxes.add(endpoint);
      this.note('announced', endpoint, allAddresses(endpoint), 'its lost record was rebuilt');
      this.events.emit('join', endpoint.id);
    });
  }

  /**
   * Deletes an endpoint whose container is provably gone: it has been in no sandbox for so long, or has lost its link.
   *
   * @returns whether it is gone
   */
  async deleteIfGone(endpointId: string, idleMs: number): Promise<boolean> {
    return await this.lock.run(endpointId, async () => {
      const { idle } = this.index;
      const isIdle = idle.has(endpointId);
      const isGone = isIdle ? idle.isOver(endpointId, idleMs) : !(await this.links.exists(endpointId));
      if (isGone) await this.#delete(endpointId);
      return isGone;
    });
  }

  /** Notes that the endpoint's link went away with its container. Docker will delete the endpoint. */
  async forgetSandbox(endpointId: string): Promise<boolean> {
    return await this.lock.run(endpointId, async () => {
      if (!this.isJoined(endpointId) || (await this.links.exists(endpointId))) return false;
      const endpoint = this.index.require(endpointId);
      await this.#leftSandbox(endpoint, () => this.filtering.remove(endpointId));
      this.note('withdrawn', endpoint, allAddresses(endpoint), 'its link went away with its container');
      return true;
    });
  }

  /**
   * Keeps what CreateEndpoint asked for until Join needs it, and leases the additional addresses: all of it or nothing.
   *
   * @throws DriverError ADDRESS_IN_USE, INVALID_ADDRESS
   */
  async create(endpoint: Endpoint, wanted: readonly LeasedAddress[]): Promise<Endpoint> {
    return await this.lock.run(endpoint.id, async () => {
      // Asked for twice at once: it may have joined since.
      const known = this.index.get(endpoint.id);
      if (known !== undefined) return known;
      const { isTakeover } = endpoint;
      const additional = await this.#leases.claim(wanted, { holder: holderOf(endpoint), isSticky: false, isTakeover });
      const created = { ...endpoint, additional };
      try {
        await this.keep(created);
      } catch (error) {
        await this.#leases.release(additional);
        throw error;
      }
      // Once Docker has its answer: Join comes next, and need not wait for the pair of links.
      setImmediate(() => void this.lock.run(created.id, () => this.#begin(created)));
      return created;
    });
  }

  /**
   * Makes the kernel have the filters of joined endpoints; those of links that no endpoint is known for stay as long as the links
   * are there: their containers may run, and be unknown to older records.
   */
  async syncFilters(): Promise<void> {
    await this.#strays.sync();
  }

  /** Waits for what Leave left to do. */
  async settle(): Promise<void> {
    await this.filtering.settle();
  }

  /**
   * Takes the filters of links away that {@link syncFilters} left, and that are there no more. Where the host asks other name servers
   * by now, so may containers.
   */
  async sweepFilters(): Promise<void> {
    await this.settle();
    await this.#strays.sweep();
    if (this.filtering.areResolversOutdated()) await this.#strays.sync();
  }

  /**
   * Makes the endpoint's links and routes; answers what Docker is to do with the container's end.
   *
   * @throws DriverError ENDPOINT_UNKNOWN, NETWORK_UNKNOWN, ADDRESS_IN_USE, LINK_NAME_CLASH, KERNEL_FEATURE_MISSING
   */
  async join(endpointId: string, sandboxKey: string): Promise<JoinReply> {
    return await this.lock.run(endpointId, async () => {
      const endpoint = this.index.require(endpointId);
      this.#networks.require(endpoint.networkId);
      if (endpoint.sandboxKey !== undefined && (await this.links.exists(endpointId))) {
        return joinReply(endpoint);
      }
      const joining = this.#asUnknown({
        // Docker may tell of a signal after Leave.
        ...this.sandboxes.assign(withoutStop(endpoint), sandboxKey),
        ...this.plans.attributesOf(endpoint),
        ...((await this.#isHeldBack(endpoint)) && { isAnnounced: false }),
      });
      await this.#ensureOwnGateways(endpoint, joining);
      await this.change(
        { before: endpoint, after: joining },
        () => this.#make(joining),
        () => this.#takeAway(joining),
      );
      this.sandboxes.add({ ...joining, sandboxKey });
      if (joining.isAnnounced !== false) {
        this.note('announced', joining, allAddresses(joining), 'its container joins the network');
      }
      this.events.emit('join', endpointId);
      return joinReply(joining);
    });
  }

  /** Takes the endpoint's routes and links away; the endpoint itself stays until {@link delete}. */
  async leave(endpointId: string): Promise<void> {
    await this.lock.run(endpointId, () => this.#leave(endpointId));
  }

  /** Forgets the endpoint; takes away what is left of it in the kernel. */
  async delete(endpointId: string): Promise<void> {
    await this.lock.run(endpointId, () => this.#delete(endpointId));
  }

  /** Unless more has become of the endpoint meanwhile. */
  #begin(created: Endpoint): Promise<void> {
    const isWaiting = this.index.get(created.id) === created && this.#networks.get(created.networkId) !== undefined;
    if (isWaiting) this.links.begin(this.plans.of(created));
    return Promise.resolve();
  }

  /** The endpoint of a container that nobody has named yet: closed where it may have a list from an operator. */
  #asUnknown(endpoint: Endpoint): Endpoint {
    return withPendingOwner(endpoint, this.#gifts.directionsWithLists(endpoint.networkId));
  }

  async #delete(endpointId: string): Promise<void> {
    await this.#leave(endpointId);
    await this.links.giveUp(endpointId);
    const endpoint = this.index.get(endpointId);
    await this.forget(endpointId);
    // A crash before this leaves leases without an endpoint, which the next start releases.
    await this.#leases.release(endpoint?.additional.filter(({ isSticky }) => !isSticky) ?? []);
    if (endpoint !== undefined) this.events.emit('delete', endpoint.additional);
  }

  /** The links come with their filter: it need not wait for them, and they are of no use before Docker moves one. */
  async #make(endpoint: Endpoint): Promise<void> {
    const [made, filtered] = await Promise.allSettled([
      this.links.apply(this.plans.of(endpoint)),
      this.filtering.begin(endpoint),
    ]);
    if (made.status === 'fulfilled' && filtered.status === 'fulfilled') return;
    if (made.status === 'fulfilled') await this.links.remove(endpoint.id, hostPrefixes(endpoint));
    await this.filtering.remove(endpoint.id);
    throw made.status === 'rejected' ? made.reason : (filtered as PromiseRejectedResult).reason;
  }

  /** The link is down before its filter goes: a container that sends to the last would get past it. Nobody waits for the filter. */
  async #takeAway(endpoint: Endpoint): Promise<void> {
    await this.links.remove(endpoint.id, hostPrefixes(endpoint));
    this.filtering.removeSoon(endpoint.id);
  }

  async #leave(endpointId: string): Promise<void> {
    const endpoint = this.index.get(endpointId);
    if (endpoint === undefined) {
      this.#logger.debug({ endpointId }, 'endpoint is not known; looking for its link by name');
      await this.links.removeUnknown(endpointId);
      await this.filtering.remove(endpointId);
      return;
    }
    if (endpoint.sandboxKey === undefined) return;
    await this.#leftSandbox(endpoint, () => this.#takeAway(endpoint));
    if (endpoint.isAnnounced !== false) {
      this.note('withdrawn', endpoint, allAddresses(endpoint), 'its container leaves the network');
    }
  }

  async #leftSandbox(before: Endpoint, inKernel: () => Promise<void>): Promise<void> {
    const { sandboxKey, ...left } = withoutStop(withKnownOwner(before));
    const after = (before.announce ?? 'always') === 'always' ? left : { ...left, isAnnounced: false };
    // What is gone from the kernel stays gone: Docker's retry finds nothing to do there.
    await this.change({ before, after }, inKernel, () => Promise.resolve());
    if (sandboxKey !== undefined) this.sandboxes.remove(before.id, sandboxKey);
    this.events.emit('leave', before.id);
    this.filtering.end(before, (address) => !this.isJoined(this.endpointAt(hostPrefix(address)) ?? ''));
  }

  /** Whether it joins unannounced whatever its policy: the host is drained, or another host announces what it is to take over. */
  async #isHeldBack(endpoint: Endpoint): Promise<boolean> {
    const isElsewhere = await this.#claims.beforeAnnouncing(allAddresses(endpoint), endpoint.isTakeover);
    return isElsewhere || this.#hostDrain.isDraining;
  }

  /** The network made its own gateway answer; another one, for a second endpoint of a container, comes here. */
  async #ensureOwnGateways(endpoint: Endpoint, joining: Endpoint): Promise<void> {
    for (const [index, { gateway }] of joining.addresses.entries()) {
      if (gateway !== endpoint.addresses[index]?.gateway) await this.#gateways.ensure(gateway);
    }
  }
}
