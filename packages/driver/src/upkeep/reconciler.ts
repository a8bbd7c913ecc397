import { addressTexts } from '../endpoints/endpoint.ts';
import {
  groupRepairs,
  hostPrefix,
  LINK_GROUP,
  type Logger,
  MAIN_TABLE,
  planRepairs,
  raisesLink,
  type RepairAction,
  type RepairGroup,
  type RepairOfJoined,
  ROUTE_PROTOCOL,
  waitForPeerRunning,
} from '@routed/datapath';
import {
  isNetlinkError,
  type Link,
  type LinkChange,
  type RouteSpec,
  type Rtnl,
  type RtnlRequests,
} from '@routed/netns';
import type { SuppressedRoutes } from '../conflicts/suppressed-routes.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { ReconcileReporter, RoundReport } from './reconcile-reporter.ts';

/** What came of the repairs of a round. */
interface Tally {
  readonly repairs: Partial<Record<RepairAction['kind'], number>>;
  failed: number;
}

/** Whoever draws its own conclusions from the links of the host. */
export interface LinkObserver {
  survey(links: readonly Link[]): void;
}

/** Compares the kernel with what the endpoints want, and repairs the difference. */
export class Reconciler {
  readonly #rtnl: Rtnl;
  readonly #endpoints: EndpointLifecycle;
  readonly #suppressed: Pick<SuppressedRoutes, 'has' | 'without'>;
  readonly #linkObservers: readonly LinkObserver[];
  readonly #observer: ReconcileReporter;
  readonly #logger: Logger;

  constructor(deps: {
    readonly rtnl: Rtnl;
    readonly endpoints: EndpointLifecycle;
    /** What is not to be there although an endpoint has it. */
    readonly suppressed: Pick<SuppressedRoutes, 'has' | 'without'>;
    /** Shown the links of each round. */
    readonly linkObservers: readonly LinkObserver[];
    readonly observer: ReconcileReporter;
    readonly logger: Logger;
  }) {
    this.#rtnl = deps.rtnl;
    this.#endpoints = deps.endpoints;
    this.#suppressed = deps.suppressed;
    this.#linkObservers = deps.linkObservers;
    this.#observer = deps.observer;
    this.#logger = deps.logger;
  }

  /** One round over everything: four dumps, and a request for each repair. A repair that fails waits for the next. */
  async reconcile(): Promise<RoundReport> {
    const started = performance.now();
    // Before the dumps: an endpoint that joins meanwhile is not missed in them.
    const desired = this.#endpoints.joined().map((endpoint) => this.#suppressed.without(endpoint));
    const [links, routes, addresses, neighbours] = await Promise.all([
      this.#rtnl.links.list({ kind: 'veth' }),
      this.#rtnl.routes.list({ protocol: ROUTE_PROTOCOL, table: MAIN_TABLE }),
      this.#rtnl.addresses.list({ family: 6 }),
      this.#rtnl.neighbours.list(),
    ]);
    for (const surveyor of this.#linkObservers) surveyor.survey(links);
    const actions = planRepairs(desired, { links, routes, addresses, neighbours });
    const tally: Tally = { repairs: {}, failed: 0 };
    const raising = actions.filter(raisesLink);
    await this.#repair(raising, tally);
    // Nobody is led to a container that cannot answer yet.
    await Promise.all(raising.map(({ linkIndex }) => waitForPeerRunning(this.#rtnl.links, linkIndex)));
    await this.#repair(
      actions.filter((action) => !raisesLink(action)),
      tally,
    );
    const ms = Math.round((performance.now() - started) * 100) / 100;
    const report = { at: new Date().toISOString(), endpoints: desired.length, ...tally, ms };
    const level = actions.length === 0 ? 'debug' : 'info';
    this.#logger[level](report, 'reconciled with the kernel');
    this.#observer.onRound(report);
    return report;
  }

  async #repair(actions: readonly RepairAction[], tally: Tally): Promise<void> {
    for (const group of groupRepairs(actions)) {
      const outcomes = await this.#carryOut(group);
      for (const [index, action] of group.entries()) {
        const outcome = this.#tell(action, outcomes[index]);
        if (outcome === 'done') tally.repairs[action.kind] = (tally.repairs[action.kind] ?? 0) + 1;
        else if (outcome === 'failed') tally.failed++;
      }
    }
  }

  #addressesOf(action: RepairAction): readonly string[] {
    return 'endpointId' in action ? addressTexts(this.#endpoints.get(action.endpointId)) : [];
  }

  #tell(action: RepairAction, outcome: PromiseSettledResult<boolean> | undefined): 'done' | 'not due' | 'failed' {
    if (outcome?.status === 'rejected') {
      this.#logger.error({ action, err: outcome.reason as unknown }, 'repair failed; retrying in the next round');
      this.#observer.onFailure(action, this.#addressesOf(action), outcome.reason);
      return 'failed';
    }
    if (outcome?.value !== true) return 'not due';
    this.#logger.warn({ action }, 'repaired');
    this.#observer.onRepair(action, this.#addressesOf(action));
    return 'done';
  }

  /**
   * Carries repairs of one subject out once no other work on it is under way, and only if they are still due then: the
   * dumps that they were planned from may be older than a Join or a Leave.
   *
   * @returns an outcome for each, whether it did anything; none when no repair was due
   */
  async #carryOut(group: RepairGroup): Promise<readonly PromiseSettledResult<boolean>[]> {
    const [first] = group;
    if (first.kind === 'delete-link') return await Promise.allSettled([this.#deleteAbandoned(first)]);
    if (first.kind === 'forget-sandbox')
      return await Promise.allSettled([this.#endpoints.forgetSandbox(first.endpointId)]);
    let outcomes: readonly PromiseSettledResult<boolean>[] = [];
    await this.#endpoints.whileJoined(first.endpointId, async () => {
      // In one system call, as Join makes them.
      outcomes = await this.#rtnl.batch((requests) =>
        Promise.allSettled((group as readonly RepairOfJoined[]).map((action) => this.#repairJoined(action, requests))),
      );
      return true;
    });
    return outcomes;
  }

  /** Makes its request before it first waits. */
  async #repairJoined(
    action: RepairOfJoined,
    { links, addresses, routes, neighbours }: Omit<RtnlRequests, 'rules'>,
  ): Promise<boolean> {
    const { endpointId, linkIndex } = action;
    const isWanted = (destination: string): boolean => this.#endpoints.endpointAt(destination) === endpointId;
    const isAnnounced = (destination: string): boolean => isWanted(destination) && !this.#suppressed.has(destination);
    switch (action.kind) {
      case 'set-link':
        return await done(setLink(links, linkIndex, action.change));
      case 'add-address':
        return await done(addresses.replace(action.address));
      case 'add-route':
        return isAnnounced(action.destination) && (await done(routes.replace(ourRoute(action))));
      case 'delete-route':
        return !isAnnounced(action.destination) && (await routes.delete(ourRoute(action)));
      case 'set-neighbour':
        return isWanted(hostPrefix(action.neighbour.address)) && (await done(neighbours.replace(action.neighbour)));
      case 'delete-neighbour':
        return (
          !isWanted(hostPrefix(action.address)) && (await neighbours.delete({ linkIndex, address: action.address }))
        );
    }
  }

  /** By index, not by name: another link may have the name by now. Only a known endpoint can be joining. */
  async #deleteAbandoned(action: Extract<RepairAction, { kind: 'delete-link' }>): Promise<boolean> {
    const { name, linkIndex: index } = action;
    return await this.#endpoints.unlessJoined(this.#endpoints.idOfLink(name) ?? name, async () => {
      const link = await this.#rtnl.links.get({ index });
      if (link?.name !== name || link.group !== LINK_GROUP || link.peerNetnsId !== undefined) return false;
      return await this.#rtnl.links.delete({ index });
    });
  }
}

/** Before Linux 6.2 the kernel renames no link that is up. The next round gives back what goes with it. */
async function setLink(links: Pick<RtnlRequests['links'], 'set'>, index: number, change: LinkChange): Promise<void> {
  try {
    await links.set({ index }, change);
  } catch (error) {
    if (change.name === undefined || !isNetlinkError(error, 'EBUSY')) throw error;
    await links.set({ index }, { isUp: false });
    await links.set({ index }, { ...change, isUp: true });
  }
}

async function done(work: Promise<unknown>): Promise<true> {
  await work;
  return true;
}

function ourRoute({ destination, linkIndex }: { readonly destination: string; readonly linkIndex: number }): RouteSpec {
  return { destination, linkIndex, protocol: ROUTE_PROTOCOL, scope: 'link' };
}
