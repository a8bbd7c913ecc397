import { type AllowList, type EndpointFilters, parseAllowList } from '@routed/netfilter';
import { allAddresses, type Endpoint } from './endpoint.ts';
import { linkLocalsOf } from './endpoint-plan.ts';
import { HOST_LINK_PREFIX, linkNames } from './kernel-names.ts';

/** How many lists are kept as they were read: a long one takes a tenth of a second. */
const KEPT_LISTS = 64;

/** Who may enter the endpoints' containers, and what they may send: the filters of the endpoints' links. */
export class EndpointFiltering {
  readonly #filters: EndpointFilters;
  readonly #lists = new Map<string, AllowList>();

  constructor(deps: { readonly filters: EndpointFilters }) {
    this.#filters = deps.filters;
  }

  /**
   * Filters the endpoint's link as the endpoint says, from now on; the link need not be there yet.
   *
   * @throws NetfilterError NFT_MISSING when there is an allow list and no nft on this host
   */
  async set(endpoint: Endpoint): Promise<void> {
    const { id, ingress, spoof } = endpoint;
    const link = linkNames(id).host;
    const addresses = [...allAddresses(endpoint).map(({ address }) => address), ...linkLocalsOf(endpoint)];
    const list = ingress === undefined ? {} : { ingress: this.#listOf(ingress) };
    await this.#filters.set({ link, addresses, spoof, ...list });
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
