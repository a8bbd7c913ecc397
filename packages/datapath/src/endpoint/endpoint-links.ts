import { isNetlinkError, type Link, type Rtnl } from '@routed/netns';
import type { Logger } from '../ground/logger.ts';
import { DatapathError } from '../ground/errors.ts';
import type { EndpointPlan } from './endpoint-plan.ts';
import { endpointOfAlias, isHostLinkOf, LINK_GROUP, linkNames, ROUTE_PROTOCOL } from '../names/kernel-names.ts';
import type { LinkReaper } from './link-reaper.ts';

/** The kernel side of endpoints: makes what a plan says, and takes away what an endpoint left. */
export class EndpointLinks {
  readonly #rtnl: Rtnl;
  readonly #reaper: LinkReaper;
  readonly #logger: Logger;
  /** The index that the link of each endpoint was seen with: it outlives a change of the name. */
  readonly #indexes = new Map<string, number>();

  constructor(deps: { readonly rtnl: Rtnl; readonly reaper: LinkReaper; readonly logger: Logger }) {
    this.#rtnl = deps.rtnl;
    this.#reaper = deps.reaper;
    this.#logger = deps.logger;
  }

  /**
   * Makes the links, addresses and routes of the plan. If a step fails, what was made is taken away again.
   *
   * @throws DatapathError LINK_NAME_CLASH when the name belongs to a link that is not this endpoint's
   * @throws DatapathError KERNEL_FEATURE_MISSING when the kernel has no veth
   */
  async make(plan: EndpointPlan): Promise<void> {
    const { index: linkIndex } = await this.#createVeth(plan);
    const endpointId = endpointOfAlias(plan.settings.alias);
    if (endpointId !== undefined) this.#indexes.set(endpointId, linkIndex);
    try {
      // In this order, and in one system call: each hop to the kernel and back costs more than what it does there.
      await this.#rtnl.batch(({ links, addresses, routes, neighbours }) =>
        Promise.all([
          links.set({ index: linkIndex }, plan.settings),
          ...plan.hostAddresses.map((address) => addresses.add({ ...address, linkIndex })),
          ...plan.routes.map((route) => routes.replace({ ...route, linkIndex })),
          ...plan.neighbours.map((neighbour) => neighbours.replace({ ...neighbour, linkIndex })),
        ]),
      );
    } catch (error) {
      await this.#reaper.scheduleDelete(plan.veth.name);
      throw error;
    }
  }

  /** Notes the links that there are. */
  survey(links: readonly Link[]): void {
    this.#indexes.clear();
    for (const { index, alias, group } of links) {
      const endpointId = group === LINK_GROUP ? endpointOfAlias(alias) : undefined;
      if (endpointId !== undefined) this.#indexes.set(endpointId, index);
    }
  }

  /** Whether the endpoint's host link is there, whichever namespace its other end is in. */
  async exists(endpointId: string): Promise<boolean> {
    return (await this.#indexOf(endpointId)) !== undefined;
  }

  /** Whether there is a host link of this name, of whatever endpoint, that does not wait for its deletion. */
  async isThere(name: string): Promise<boolean> {
    return (await this.#rtnl.links.get({ name }))?.group === LINK_GROUP;
  }

  /**
   * Withdraws the routes to these destinations at once and hands the link to the reaper.
   *
   * The routes go first and by name: a router that hears of the deleted link only later would go on announcing them.
   */
  async remove(endpointId: string, destinations: readonly string[]): Promise<void> {
    const withdraw = async (routes: Rtnl['routes'], destination: string): Promise<void> => {
      const wasThere = await routes.delete({ destination, protocol: ROUTE_PROTOCOL, scope: 'link' });
      if (!wasThere) this.#logger.debug({ endpointId, destination }, 'route to withdraw is already gone');
    };
    await this.#rtnl.batch(({ links, routes }) =>
      Promise.all([
        ...destinations.map((destination) => withdraw(routes, destination)),
        this.#reaper.scheduleDelete(linkNames(endpointId).host, links),
      ]),
    );
  }

  /**
   * Makes the routes and neighbours that a living endpoint gets beside those it has. If one fails, those made are taken
   * away again.
   */
  async extend(endpointId: string, plan: Pick<EndpointPlan, 'routes' | 'neighbours'>): Promise<void> {
    const linkIndex = await this.#indexOf(endpointId);
    if (linkIndex === undefined) throw linkMissing(endpointId);
    try {
      await this.#rtnl.batch((requests) =>
        Promise.all([
          ...plan.routes.map((route) => requests.routes.replace({ ...route, linkIndex })),
          ...plan.neighbours.map((neighbour) => requests.neighbours.replace({ ...neighbour, linkIndex })),
        ]),
      );
    } catch (error) {
      await this.reduce(endpointId, plan);
      throw error;
    }
  }

  /** Takes routes and neighbours of a living endpoint away; what is not there is none to take. */
  async reduce(endpointId: string, { routes, neighbours }: Pick<EndpointPlan, 'routes' | 'neighbours'>): Promise<void> {
    const linkIndex = await this.#indexOf(endpointId);
    if (linkIndex === undefined) return;
    await this.#rtnl.batch((requests) =>
      Promise.all([
        ...routes.map((route) => requests.routes.delete({ ...route, linkIndex })),
        ...neighbours.map(({ address }) => requests.neighbours.delete({ address, linkIndex })),
      ]),
    );
  }

  /** Takes away what an endpoint of the previous run of this process left, if its link is still there. */
  async removeUnknown(endpointId: string): Promise<void> {
    const linkIndex = await this.#indexOf(endpointId);
    if (linkIndex === undefined) return;
    const routes = await this.#rtnl.routes.list({ linkIndex, protocol: ROUTE_PROTOCOL });
    await this.remove(
      endpointId,
      routes.map(({ destination }) => destination),
    );
  }

  async #indexOf(endpointId: string): Promise<number | undefined> {
    const known = this.#indexes.get(endpointId);
    for (const selector of [{ name: linkNames(endpointId).host }, ...(known === undefined ? [] : [{ index: known }])]) {
      const link = await this.#rtnl.links.get(selector);
      if (link !== undefined && isHostLinkOf(endpointId, link)) return link.index;
    }
    return undefined;
  }

  async #createVeth(plan: EndpointPlan): Promise<{ readonly index: number }> {
    try {
      return await this.#rtnl.links.createVeth(plan.veth);
    } catch (error) {
      if (isNetlinkError(error, 'EOPNOTSUPP')) throw vethMissing(error);
      if (!isNetlinkError(error, 'EEXIST')) throw error;
    }
    await this.#clearName(plan);
    return await this.#rtnl.links.createVeth(plan.veth);
  }

  /** Makes room for a link of ours: an earlier try of this endpoint may have left one, a stranger's link stays. */
  async #clearName(plan: EndpointPlan): Promise<void> {
    await this.#reaper.flush();
    for (const name of [plan.veth.name, plan.veth.peer.name]) {
      const link = await this.#rtnl.links.get({ name });
      if (link === undefined) continue;
      const isUnfinished = link.alias === undefined && link.group === LINK_GROUP;
      if (link.alias !== plan.settings.alias && !isUnfinished) throw nameClash(name, link.alias);
      this.#logger.warn({ link: name }, 'deleting an incomplete link of a previous attempt');
      await this.#rtnl.links.delete({ index: link.index });
    }
  }
}

function linkMissing(endpointId: string): DatapathError {
  const { host: name } = linkNames(endpointId);
  return new DatapathError('LINK_MISSING', `link ${name} is gone: its container has ended, or somebody deleted it`);
}

function nameClash(name: string, alias: string | undefined): DatapathError {
  const owner = alias === undefined ? 'has no alias of ours' : `belongs to "${alias}"`;
  return new DatapathError(
    'LINK_NAME_CLASH',
    `link ${name} already exists and ${owner}: start the container again (it gets another link name), ` +
      `or remove the link with "ip link delete ${name}" if nothing uses it`,
  );
}

function vethMissing(cause: unknown): DatapathError {
  return new DatapathError(
    'KERNEL_FEATURE_MISSING',
    'this kernel has no veth links (CONFIG_VETH): load the module with "modprobe veth"',
    { cause },
  );
}
