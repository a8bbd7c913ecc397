import { isDeepStrictEqual } from 'node:util';
import { allAddresses, hostPrefix, type Logger, type PreviousHolder, type UnannouncedTraffic } from '@routed/datapath';
import { CONNECTION_MARKS, type Connections } from '@routed/netfilter';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, type Endpoint } from '../endpoints/endpoint.ts';
import type { RouterView, Way } from '@routed/quagga/show';
import { GracePeriod } from '../ground/grace-period.ts';
import type { UnannouncedNetworks } from './unannounced-networks.ts';

/** How long the other host may go on announcing an address before that is a conflict: it looks once a second, and may wait 3 s. */
const PATIENCE_MS = 15_000;
/** How long connections that began with the other host may go on after it has stopped announcing. */
const KEPT_MS = 3_600_000;

interface Deps {
  readonly traffic: Pick<UnannouncedTraffic, 'holderOf' | 'holderAt' | 'marked' | 'previous'>;
  readonly view: Pick<RouterView, 'competingRoutes'>;
  readonly unannounced: Pick<UnannouncedNetworks, 'note' | 'keepPrevious' | 'markAhead'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'endpointAt' | 'amend'>;
  readonly connections: Pick<Connections, 'mark'>;
  readonly logger: Logger;
}

/** An address that another host announced until this one did. */
interface Takeover {
  readonly endpointId: string;
  readonly networkId: string;
  readonly holder: PreviousHolder;
}

/**
 * Addresses of endpoints with `routed.takeover` that another host announces when this one begins to, or, with `routed.anycast`, as
 * well. Connections that began with the other host are sent on to it, as long as it has them.
 *
 * Kept in memory: what a restart needs to know, the kernel's own routes say.
 */
export class Takeovers {
  readonly #deps: Deps;
  /** By address. */
  readonly #takeovers = new Map<string, Takeover>();
  /** Since when each has been under way. */
  readonly #underWay = new GracePeriod();
  /** Since when the other host has not announced each. */
  readonly #alone = new GracePeriod();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Takes up what the previous run of the daemon left. @throws NetlinkError */
  async adopt(): Promise<void> {
    for (const holder of await this.#deps.traffic.previous()) {
      const endpointId = this.#deps.endpoints.endpointAt(hostPrefix(holder.address));
      const endpoint = endpointId === undefined ? undefined : this.#deps.endpoints.get(endpointId);
      if (endpoint?.sandboxKey === undefined || endpoint.isAnnounced === false) continue;
      this.#add(endpoint, holder);
      // The other host has had its time: what it announces now is new.
      if (Date.now() - (endpoint.takenOverAtMs ?? 0) >= PATIENCE_MS) this.#alone.note(holder.address);
    }
    if (this.#takeovers.size > 0) await this.#keep();
  }

  /**
   * Readies this host for an endpoint that waits to take over: connections of this host to its addresses are with the other host, and
   * stay there. Call it before the rules of its network are there: they send what has no mark to its container, which resets it.
   */
  async prepare(endpoint: Endpoint): Promise<void> {
    if (endpoint.isTakeover !== true || endpoint.isAnnounced !== false) return;
    await this.#deps.unannounced.markAhead(endpoint.networkId, endpoint.id);
    await this.#deps.connections.mark(addressTexts(endpoint), CONNECTION_MARKS.opened | CONNECTION_MARKS.elsewhere);
  }

  /**
   * Readies this host for connections that the other one has begun: before an endpoint is announced. Never rejects: what the kernel
   * refuses costs those connections, and the endpoint is announced all the same.
   */
  async begin(endpoint: Endpoint): Promise<void> {
    if (endpoint.isTakeover !== true) return;
    try {
      await this.#begin(endpoint);
    } catch (error) {
      this.#deps.logger.error(
        { err: error, endpointId: endpoint.id },
        'connections to the previous host cannot be kept',
      );
    }
  }

  async #begin(endpoint: Endpoint): Promise<void> {
    const holders = await Promise.all(addressTexts(endpoint).map((address) => this.#deps.traffic.holderOf(address)));
    const found = holders.filter((holder) => holder !== undefined);
    for (const holder of found) this.#add(endpoint, holder);
    if (found.length > 0) await this.#keep();
    // Also where nobody is known to announce it: a router may be away for a moment.
    await this.#deps.endpoints.amend(endpoint.id, { takenOverAtMs: Date.now() });
    if (found.length === 0) return;
    await this.#deps.traffic.marked();
    const from = found.map(({ address, gateway }) => `${address} from ${gateway}`).join(', ');
    this.#deps.logger.info({ endpointId: endpoint.id }, `taking over ${from}`);
  }

  /** The families of the addresses that {@link reviewShared} looks at, IPv4 first. */
  sharedFamilies(): readonly (4 | 6)[] {
    return [...new Set(this.#shared().map(({ family }) => family))].sort();
  }

  /**
   * Looks who else announces the anycast addresses of this host: routers that lose one of two members send its connections here, and
   * those of this host there when it is back. With more members nobody knows whose a connection is.
   */
  async reviewShared(): Promise<void> {
    for (const { address, endpoint } of this.#shared()) {
      const rivals = await this.#deps.view.competingRoutes(address);
      const [way, ...others] = rivals.flatMap(({ ways }) => ways);
      if (way === undefined) this.noteAlone(address);
      else if (others.length > 0) await this.end([address]);
      else await this.#share(endpoint, address, way);
    }
  }

  async #share(endpoint: Endpoint, address: string, { gateway, link: linkName }: Way): Promise<void> {
    if (gateway === undefined || linkName === undefined) return;
    const known = this.#takeovers.get(address)?.holder;
    const holder = await this.#deps.traffic.holderAt({ address, gateway, linkName });
    if (holder === undefined) return;
    this.#add(endpoint, holder);
    if (!isDeepStrictEqual(known, holder)) await this.#keep();
  }

  /** The anycast addresses that this host announces and may send connections on for. */
  #shared(): { readonly address: string; readonly family: 4 | 6; readonly endpoint: Endpoint }[] {
    return this.#deps.endpoints
      .all()
      .filter(
        ({ isTakeover, sandboxKey, isAnnounced }) =>
          isTakeover === true && sandboxKey !== undefined && isAnnounced !== false,
      )
      .flatMap((endpoint) =>
        allAddresses(endpoint).flatMap(({ address, family, isAnycast }) =>
          isAnycast === true ? [{ address, family, endpoint }] : [],
        ),
      );
  }

  /** Whether the other host still has time to stop announcing an address. */
  isUnderWay(address: string): boolean {
    return this.#takeovers.has(address) && !this.#alone.has(address) && !this.#underWay.isOver(address, PATIENCE_MS);
  }

  /** The addresses that another host may go on announcing. */
  pending(): readonly string[] {
    return [...this.#takeovers.keys()].filter((address) => !this.#alone.has(address));
  }

  /** No other host announces the address. */
  noteAlone(address: string): void {
    if (this.#takeovers.has(address)) this.#alone.note(address);
  }

  /** This host announces these addresses no more, or has them no more: open connections are with its own container. */
  async end(addresses: readonly string[]): Promise<void> {
    const ended = addresses.filter((address) => this.#takeovers.has(address));
    for (const address of ended) this.#forget(address);
    if (ended.length > 0) await this.#keep();
  }

  /** Ends what is over. @throws NetlinkError */
  async review(): Promise<void> {
    const gone = [...this.#takeovers].filter(([address, { endpointId }]) => {
      return this.#deps.endpoints.endpointAt(hostPrefix(address)) !== endpointId;
    });
    await this.end([...gone.map(([address]) => address), ...this.#alone.over(KEPT_MS)]);
  }

  #add({ id: endpointId, networkId }: Endpoint, holder: PreviousHolder): void {
    const { address } = holder;
    this.#takeovers.set(address, { endpointId, networkId, holder });
    this.#underWay.restart(address);
    this.#alone.forget(address);
    this.#deps.unannounced.note(networkId, address, true);
  }

  #forget(address: string): void {
    const networkId = this.#takeovers.get(address)?.networkId;
    this.#takeovers.delete(address);
    this.#underWay.forget(address);
    this.#alone.forget(address);
    if (networkId !== undefined) this.#deps.unannounced.note(networkId, address, false);
  }

  async #keep(): Promise<void> {
    await this.#deps.unannounced.keepPrevious([...this.#takeovers.values()].map(({ holder }) => holder));
  }
}
