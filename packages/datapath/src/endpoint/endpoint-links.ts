import { isDeepStrictEqual } from 'node:util';
import { isNetlinkError, type Rtnl } from '@routed/netns';
import { DatapathError } from '../ground/errors.ts';
import { type ChangeOutcome, type KernelChange, requireDone, sendChanges } from '../ground/kernel-change.ts';
import type { Logger } from '../ground/logger.ts';
import {
  endpointOfAlias,
  isHostLinkOf,
  LINK_GROUP,
  linkNames,
  MAIN_TABLE,
  ROUTE_PROTOCOL,
  UNANNOUNCED_TABLE,
} from '../names/kernel-names.ts';
import { bareLink, type EndpointChange, planChanges } from './endpoint-changes.ts';
import { type DesiredEndpoint, hostRoute } from './endpoint-plan.ts';
import { isLimitChange } from '../limits/limit-changes.ts';
import type { LimitPlace, LinkLimits } from '../limits/link-limits.ts';
import { HostLinks } from './host-links.ts';
import type { LinkReaper } from './link-reaper.ts';
import { waitForPeerRunning } from './peer-running.ts';
import { type ActualState, type EndpointRepair, type LinkDeletion, raisesLink, stillDue } from './repair-plan.ts';

/**
 * The one writer of what endpoints have in the kernel of the host: links, the addresses, routes and neighbours on them, and what
 * limits them.
 */
export class EndpointLinks {
  readonly #rtnl: Rtnl;
  readonly #reaper: LinkReaper;
  readonly #limits: LinkLimits;
  readonly #logger: Logger;
  /** The index that the link of each endpoint was seen with: it outlives a change of the name. */
  readonly #indexes = new Map<string, number>();
  /** Pairs that {@link begin} makes, or made, by endpoint. */
  readonly #begun = new Map<string, BegunPair>();

  constructor(deps: {
    readonly rtnl: Rtnl;
    readonly reaper: LinkReaper;
    readonly limits: LinkLimits;
    readonly logger: Logger;
  }) {
    this.#rtnl = deps.rtnl;
    this.#reaper = deps.reaper;
    this.#limits = deps.limits;
    this.#logger = deps.logger;
  }

  /**
   * Begins the pair of links of an endpoint that {@link apply} is to finish: to make it takes the kernel longer than all else. Nothing
   * leads to it until then. A failure is told by `apply`, which makes a pair where there is none.
   */
  begin(desired: DesiredEndpoint): void {
    const { id, veth } = desired;
    if (this.#begun.has(id)) return;
    const made = this.#createVeth(desired).then(
      ({ index }) => index,
      (error: unknown) => {
        this.#logger.debug({ endpointId: id, err: error }, 'could not make links in advance');
        return undefined;
      },
    );
    this.#begun.set(id, { veth, made });
  }

  /** Takes away what {@link begin} made, unless {@link apply} finished it. */
  async giveUp(endpointId: string): Promise<void> {
    const begun = this.#begun.get(endpointId);
    if (begun === undefined) return;
    this.#begun.delete(endpointId);
    if ((await begun.made) !== undefined) await this.#reaper.scheduleDelete(linkNames(endpointId).host);
  }

  /**
   * Makes the kernel have what is desired of an endpoint. Only what differs from what it is known to have is sent, in one system
   * call. If a change fails, those made are taken back.
   *
   * @param known what the same endpoint had so far; absent: nothing, and its links are made
   * @throws DatapathError LINK_NAME_CLASH when the name belongs to a link that is not this endpoint's
   * @throws DatapathError LINK_MISSING when there is something to add, and no link
   * @throws DatapathError KERNEL_FEATURE_MISSING when the kernel has no veth
   */
  async apply(desired: DesiredEndpoint, known?: DesiredEndpoint): Promise<void> {
    if (known === undefined) {
      await this.#make(desired);
      return;
    }
    const linkIndex = await this.#indexOf(desired.id);
    const changes = planChanges(desired, known, linkIndex ?? 0);
    if (linkIndex === undefined) {
      if (changes.some(({ kind }) => !kind.startsWith('delete'))) throw linkMissing(desired.id);
      return;
    }
    try {
      await this.#carryOut(changes);
    } catch (error) {
      await this.#takeBack(planChanges(known, desired, linkIndex));
      throw error;
    }
  }

  /** What the kernel has: five dumps, and those of limits where there are any. */
  async read(): Promise<ActualState> {
    const [links, announced, unannounced, addresses, neighbours] = await Promise.all([
      this.#rtnl.links.list({ kind: 'veth' }),
      this.#rtnl.routes.list({ protocol: ROUTE_PROTOCOL, table: MAIN_TABLE }),
      this.#rtnl.routes.list({ protocol: ROUTE_PROTOCOL, table: UNANNOUNCED_TABLE }),
      this.#rtnl.addresses.list({ family: 6 }),
      this.#rtnl.neighbours.list(),
    ]);
    this.#indexes.clear();
    for (const { index, alias, group } of links) {
      const endpointId = group === LINK_GROUP ? endpointOfAlias(alias) : undefined;
      if (endpointId !== undefined) this.#indexes.set(endpointId, index);
    }
    const limits = await this.#limits.read(this.#indexes);
    return { links, routes: [...announced, ...unannounced], addresses, neighbours, limits };
  }

  /**
   * Makes those changes of a repair that are due still; each has its own outcome.
   *
   * @param desired what the endpoint is to have now: what the repair was planned from may be older than a live change
   */
  async repair(
    { linkIndex, known, changes }: EndpointRepair,
    desired: DesiredEndpoint,
  ): Promise<readonly { readonly change: EndpointChange; readonly outcome: ChangeOutcome }[]> {
    const due = stillDue(changes, planChanges(desired, known, linkIndex));
    const limiting = due.filter(isLimitChange);
    const limited = await this.#limit(limiting);
    const raising = due.filter(isKernelChange).filter(raisesLink);
    const raised = await sendChanges(this.#rtnl, raising);
    // Nobody is led to a container that cannot answer yet.
    if (raising.length > 0) await waitForPeerRunning(this.#rtnl.links, linkIndex);
    const others = due.filter(isKernelChange).filter((change) => !raisesLink(change));
    const outcomes = [...limited, ...raised, ...(await sendChanges(this.#rtnl, others))];
    return [...limiting, ...raising, ...others].map((change, at) => ({
      change,
      outcome: outcomes[at] as ChangeOutcome,
    }));
  }

  /** Deletes a link that {@link planRepairs} found abandoned, if it is so still. By index: another may have the name by now. */
  async deleteAbandoned({ name, linkIndex: index }: LinkDeletion): Promise<boolean> {
    // The pair of an endpoint that is about to join is bare as well.
    for (const { made } of this.#begun.values()) if ((await made) === index) return false;
    const link = await this.#rtnl.links.get({ index });
    if (link?.name !== name || link.group !== LINK_GROUP || link.peerNetnsId !== undefined) return false;
    return await this.#rtnl.links.delete({ index });
  }

  /** Whether the endpoint's host link is there, whichever namespace its other end is in. */
  async exists(endpointId: string): Promise<boolean> {
    return (await this.#indexOf(endpointId)) !== undefined;
  }

  /** The host links of these endpoints, of those that have one: one dump. */
  async indexesOf(endpointIds: readonly string[]): Promise<LimitPlace[]> {
    const links = new HostLinks(await this.#rtnl.links.list({ kind: 'veth' }));
    return endpointIds.flatMap((endpointId) => {
      const link = links.of(endpointId);
      return link === undefined ? [] : [{ endpointId, linkIndex: link.index }];
    });
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
      const wasThere = await routes.delete(hostRoute(destination));
      if (!wasThere) this.#logger.debug({ endpointId, destination }, 'route to withdraw is already gone');
    };
    await this.#rtnl.batch(({ links, routes }) =>
      Promise.all([
        ...destinations.map((destination) => withdraw(routes, destination)),
        this.#reaper.scheduleDelete(linkNames(endpointId).host, links),
        this.#limits.leave(endpointId, links),
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

  async #make(desired: DesiredEndpoint): Promise<void> {
    const begun = await this.#takeBegun(desired);
    if (begun !== undefined && (await this.#finish(desired, begun))) return;
    const { index } = await this.#createVeth(desired);
    if (!(await this.#finish(desired, index))) throw linkMissing(desired.id);
  }

  /** The pair that {@link begin} made, if it is as desired still. */
  async #takeBegun({ id, veth }: DesiredEndpoint): Promise<number | undefined> {
    const begun = this.#begun.get(id);
    this.#begun.delete(id);
    const index = await begun?.made;
    if (index === undefined || isDeepStrictEqual(begun?.veth, veth)) return index;
    await this.#rtnl.links.delete({ index });
    return undefined;
  }

  /** Makes a bare pair what is desired: all of it, or the pair goes. False: somebody has deleted it. */
  async #finish(desired: DesiredEndpoint, linkIndex: number): Promise<boolean> {
    this.#indexes.set(desired.id, linkIndex);
    try {
      await this.#carryOut(planChanges(desired, bareLink(desired), linkIndex));
      return true;
    } catch (error) {
      await this.remove(desired.id, []);
      if (isNetlinkError(error, 'ENODEV')) return false;
      throw error;
    }
  }

  /** @throws what the first change that failed was rejected with */
  async #carryOut(changes: readonly EndpointChange[]): Promise<void> {
    requireDone(await this.#limit(changes));
    requireDone(await sendChanges(this.#rtnl, changes.filter(isKernelChange)));
  }

  /** As far as it goes: what failed is told already. */
  async #takeBack(changes: readonly EndpointChange[]): Promise<void> {
    await this.#limit(changes);
    await sendChanges(this.#rtnl, changes.filter(isKernelChange));
  }

  /** Makes those changes that are of limits, in order. One that fails does not stop those after it. */
  async #limit(changes: readonly EndpointChange[]): Promise<readonly ChangeOutcome[]> {
    const outcomes: ChangeOutcome[] = [];
    for (const change of changes.filter(isLimitChange)) {
      outcomes.push(...(await Promise.allSettled([this.#limits.carryOut(change)])));
    }
    return outcomes;
  }

  async #indexOf(endpointId: string): Promise<number | undefined> {
    const known = this.#indexes.get(endpointId);
    for (const selector of [{ name: linkNames(endpointId).host }, ...(known === undefined ? [] : [{ index: known }])]) {
      const link = await this.#rtnl.links.get(selector);
      if (link !== undefined && isHostLinkOf(endpointId, link)) return link.index;
    }
    return undefined;
  }

  async #createVeth(desired: DesiredEndpoint): Promise<{ readonly index: number }> {
    try {
      return await this.#rtnl.links.createVeth(desired.veth);
    } catch (error) {
      if (isNetlinkError(error, 'EOPNOTSUPP')) throw vethMissing(error);
      if (!isNetlinkError(error, 'EEXIST')) throw error;
    }
    await this.#clearName(desired);
    return await this.#rtnl.links.createVeth(desired.veth);
  }

  /** Makes room for a link of ours: an earlier try of this endpoint may have left one, a stranger's link stays. */
  async #clearName({ veth, settings }: DesiredEndpoint): Promise<void> {
    await this.#reaper.flush();
    for (const name of [veth.name, veth.peer.name]) {
      const link = await this.#rtnl.links.get({ name });
      if (link === undefined) continue;
      const isUnfinished = link.alias === undefined && link.group === LINK_GROUP;
      if (link.alias !== settings.alias && !isUnfinished) throw nameClash(name, link.alias);
      this.#logger.warn({ link: name }, 'deleting an incomplete link of a previous attempt');
      await this.#rtnl.links.delete({ index: link.index });
    }
  }
}

interface BegunPair {
  readonly veth: DesiredEndpoint['veth'];
  /** The index of the host's end; undefined: it could not be made. */
  readonly made: Promise<number | undefined>;
}

function isKernelChange(change: EndpointChange): change is KernelChange {
  return !isLimitChange(change);
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
