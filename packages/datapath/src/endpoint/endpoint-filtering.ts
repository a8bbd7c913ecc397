import { allAddresses, type KernelEndpoint } from './kernel-endpoint.ts';
import { type AllowList, type Connections, type EndpointFilters, parseAllowList } from '@routed/netfilter';
import type { Logger } from '../ground/logger.ts';
import { linkLocalsOf } from './endpoint-plan.ts';
import { HOST_LINK_PREFIX, linkNames } from '../names/kernel-names.ts';

/** How many lists are kept as they were read: a long one takes a tenth of a second. */
const KEPT_LISTS = 64;

/**
 * How long addresses of containers that have ended are collected before their connections are forgotten: the kernel goes through
 * all connections of the host each time, and a container with a list does not wait for this.
 */
const COLLECT_MS = 1_000;

/** Who may enter the endpoints' containers, and what they may send: the filters of the endpoints' links. */
export class EndpointFiltering {
  readonly #filters: EndpointFilters;
  readonly #connections: Connections;
  readonly #logger: Logger;
  readonly #lists = new Map<string, AllowList>();
  /** Addresses of containers that have ended, and whether no other container has them by now. */
  readonly #ended = new Map<string, (address: string) => boolean>();
  /** Addresses whose connections the next request is about, once there is one. */
  readonly #forgotten = new Set<string>();
  #nextForgetting: Promise<void> | undefined;
  /** Requests about connections, one after another. */
  #last: Promise<void> = Promise.resolve();

  constructor(deps: { readonly filters: EndpointFilters; readonly connections: Connections; readonly logger: Logger }) {
    this.#filters = deps.filters;
    this.#connections = deps.connections;
    this.#logger = deps.logger;
  }

  /**
   * Filters the endpoint's link as the endpoint says, from now on; the link need not be there yet.
   *
   * @throws NetfilterError NFT_MISSING when there is an allow list and no nft on this host
   */
  async set(endpoint: KernelEndpoint): Promise<void> {
    const { id, spoof } = endpoint;
    const ingress = listOf(endpoint);
    const link = linkNames(id).host;
    const addresses = [...addressesOf(endpoint), ...linkLocalsOf(endpoint)];
    const list = ingress === undefined ? {} : { ingress: this.#listOf(ingress) };
    await this.#filters.set({ link, addresses, spoof, ...list });
  }

  /**
   * {@link set} for an endpoint whose container is about to start: it does not inherit who came into the former one with one of its
   * addresses, which the list would never be asked about. Where everybody may enter, nobody waits for that.
   *
   * @throws NetfilterError NFT_MISSING; NetlinkError
   */
  async begin(endpoint: KernelEndpoint): Promise<void> {
    const isOpen = listOf(endpoint) === undefined;
    const forgetting = isOpen ? undefined : this.#forgetAddresses(addressesOf(endpoint));
    await Promise.all([this.set(endpoint), forgetting]);
  }

  /**
   * {@link set} for an endpoint whose list has changed: connections that others began, and could not begin now, end.
   *
   * @throws NetfilterError NFT_MISSING; NetlinkError
   */
  async narrow(endpoint: KernelEndpoint): Promise<void> {
    await this.set(endpoint);
    const ingress = listOf(endpoint);
    if (ingress === undefined) return;
    const list = this.#listOf(ingress);
    await this.#forget(() => this.#connections.forgetRefused(addressesOf(endpoint), list));
  }

  /**
   * Forgets in a moment the connections of an endpoint that has left its sandbox, and nobody waits for it.
   *
   * @param isFree whether no container has an address by then
   */
  end(endpoint: KernelEndpoint, isFree: (address: string) => boolean): void {
    const isFirst = this.#ended.size === 0;
    for (const address of addressesOf(endpoint)) this.#ended.set(address, isFree);
    if (!isFirst) return;
    setTimeout(() => {
      const free = [...this.#ended].filter(([address, isStillFree]) => isStillFree(address));
      this.#ended.clear();
      void this.#forgetAddresses(free.map(([address]) => address));
    }, COLLECT_MS).unref();
  }

  /** Takes the filter of an endpoint's link away; nothing happens when it has none. */
  async remove(endpointId: string): Promise<void> {
    await this.removeFrom(linkNames(endpointId).host);
  }

  /** The endpoints' links that have a filter. */
  async links(): Promise<string[]> {
    return (await this.#filters.list()).filter((link) => link.startsWith(HOST_LINK_PREFIX));
  }

  /** Takes a link's filter away; nothing happens when it has none. */
  async removeFrom(link: string): Promise<void> {
    await this.#filters.remove(link);
  }

  /** What is asked for while another request is under way is one request. */
  #forgetAddresses(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#forgotten.add(address);
    this.#nextForgetting ??= this.#forget(async () => {
      const all = [...this.#forgotten];
      this.#forgotten.clear();
      this.#nextForgetting = undefined;
      await this.#connections.forget(all);
    });
    return this.#nextForgetting;
  }

  /** One after another. The filter holds without it for new connections: a kernel that cannot is no reason to start no container. */
  #forget(work: () => Promise<unknown>): Promise<void> {
    this.#last = this.#last.then(work).then(
      () => undefined,
      (error: unknown) => {
        this.#logger.warn({ err: error }, 'could not end existing connections');
      },
    );
    return this.#last;
  }

  #listOf(text: string): AllowList {
    const known = this.#lists.get(text);
    if (known !== undefined) return known;
    const list = parseAllowList(text);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size >= KEPT_LISTS && oldest !== undefined) this.#lists.delete(oldest);
    this.#lists.set(text, list);
    return list;
  }
}

/** The list that holds now. */
function listOf({ ingress, isOwnerPending }: KernelEndpoint): string | undefined {
  return isOwnerPending === true ? 'none' : ingress;
}

function addressesOf(endpoint: KernelEndpoint): string[] {
  return allAddresses(endpoint).map(({ address }) => address);
}
