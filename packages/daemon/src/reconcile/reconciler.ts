import type { RouteSpec, Rtnl } from '@routed/netns';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { ROUTE_PROTOCOL } from '../endpoints/kernel-names.ts';
import type { LinkReaper } from '../endpoints/link-reaper.ts';
import type { Logger } from '../logger.ts';
import { planRepairs, type RepairAction } from './reconcile-plan.ts';

/** Source: linux uapi rtnetlink.h, RT_TABLE_MAIN. */
const MAIN_TABLE = 254;

/** What one round found and did, by kind of repair. */
export type ReconcileReport = Readonly<Partial<Record<RepairAction['kind'], number>>>;

/** Compares the kernel with what the endpoints want, and repairs the difference. */
export class Reconciler {
  readonly #rtnl: Rtnl;
  readonly #endpoints: EndpointLifecycle;
  readonly #reaper: LinkReaper;
  readonly #logger: Logger;

  constructor(deps: {
    readonly rtnl: Rtnl;
    readonly endpoints: EndpointLifecycle;
    readonly reaper: LinkReaper;
    readonly logger: Logger;
  }) {
    this.#rtnl = deps.rtnl;
    this.#endpoints = deps.endpoints;
    this.#reaper = deps.reaper;
    this.#logger = deps.logger;
  }

  /** One round over everything: three dumps, and a request for each repair. A repair that fails waits for the next. */
  async reconcile(): Promise<ReconcileReport> {
    const started = performance.now();
    const [links, routes, addresses] = await Promise.all([
      this.#rtnl.links.list({ kind: 'veth' }),
      this.#rtnl.routes.list({ protocol: ROUTE_PROTOCOL, table: MAIN_TABLE }),
      this.#rtnl.addresses.list({ family: 6 }),
    ]);
    const desired = this.#endpoints.joined();
    const actions = planRepairs(desired, { links, routes, addresses });
    const report: Partial<Record<RepairAction['kind'], number>> = {};
    for (const action of actions) {
      if (await this.#try(action)) report[action.kind] = (report[action.kind] ?? 0) + 1;
    }
    const ms = Math.round(performance.now() - started);
    const level = actions.length === 0 ? 'debug' : 'info';
    this.#logger[level]({ endpoints: desired.length, repairs: report, ms }, 'reconciled with the kernel');
    return report;
  }

  async #try(action: RepairAction): Promise<boolean> {
    try {
      await this.#repair(action);
      this.#logger.warn({ action }, 'repaired');
      return true;
    } catch (error) {
      this.#logger.error({ action, err: error }, 'repair failed; it is tried again next time');
      return false;
    }
  }

  #repair(action: RepairAction): Promise<unknown> {
    switch (action.kind) {
      case 'delete-link':
        return this.#reaper.bury(action.name);
      case 'delete-route':
        return this.#rtnl.routes.delete(ourRoute(action));
      case 'forget-sandbox':
        return this.#endpoints.forgetSandbox(action.endpointId);
      case 'raise-link':
        return this.#restore(action, () => this.#rtnl.links.set({ index: action.linkIndex }, { isUp: true }));
      case 'add-address':
        return this.#restore(action, () => this.#rtnl.addresses.replace(action.address));
      case 'add-route':
        return this.#restore(action, () => this.#rtnl.routes.replace(ourRoute(action)));
    }
  }

  #restore({ endpointId }: { readonly endpointId: string }, work: () => Promise<void>): Promise<void> {
    return this.#endpoints.whileJoined(endpointId, work);
  }
}

function ourRoute({ destination, linkIndex }: { readonly destination: string; readonly linkIndex: number }): RouteSpec {
  return { destination, linkIndex, protocol: ROUTE_PROTOCOL, scope: 'link' };
}
