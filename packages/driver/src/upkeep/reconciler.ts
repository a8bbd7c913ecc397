import { addressTexts } from '../endpoints/endpoint.ts';
import {
  type EndpointLinks,
  type EndpointRepair,
  type LinkDeletion,
  type Logger,
  planRepairs,
  raisesLink,
  type Repair,
  type RepairAction,
} from '@routed/datapath';
import type { Link } from '@routed/netns';
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
  readonly #links: EndpointLinks;
  readonly #endpoints: EndpointLifecycle;
  readonly #linkObservers: readonly LinkObserver[];
  readonly #observer: ReconcileReporter;
  readonly #logger: Logger;

  constructor(deps: {
    readonly links: EndpointLinks;
    readonly endpoints: EndpointLifecycle;
    /** Shown the links of each round. */
    readonly linkObservers: readonly LinkObserver[];
    readonly observer: ReconcileReporter;
    readonly logger: Logger;
  }) {
    this.#links = deps.links;
    this.#endpoints = deps.endpoints;
    this.#linkObservers = deps.linkObservers;
    this.#observer = deps.observer;
    this.#logger = deps.logger;
  }

  /** One round over everything: four dumps, and one request for each repair. A repair that fails waits for the next round. */
  async reconcile(): Promise<RoundReport> {
    const started = performance.now();
    // Before the dumps: an endpoint that joins meanwhile is not missed in them.
    const desired = this.#endpoints.joined();
    const actual = await this.#links.read();
    for (const surveyor of this.#linkObservers) surveyor.survey(actual.links);
    const repairs = planRepairs(desired, actual);
    const tally: Tally = { repairs: {}, failed: 0 };
    // Together: each waits until its container can answer.
    await Promise.all(repairs.filter(raises).map((repair) => this.#carryOut(repair, tally)));
    for (const repair of repairs) if (!raises(repair)) await this.#carryOut(repair, tally);
    const ms = Math.round((performance.now() - started) * 100) / 100;
    const report = { at: new Date().toISOString(), endpoints: desired.length, ...tally, ms };
    const level = repairs.length === 0 ? 'debug' : 'info';
    this.#logger[level](report, 'reconciled with the kernel');
    this.#observer.onRound(report);
    return report;
  }

  /**
   * Carries a repair out once no other work on its subject is under way, and only as far as it is still due then: the dumps that
   * it was planned from may be older than a Join or a Leave.
   */
  async #carryOut(repair: Repair, tally: Tally): Promise<void> {
    if (repair.kind === 'change-endpoint') {
      await this.#changeEndpoint(repair, tally);
      return;
    }
    const work =
      repair.kind === 'delete-link' ? this.#deleteLink(repair) : this.#endpoints.forgetSandbox(repair.endpointId);
    const [outcome] = await Promise.allSettled([work]);
    this.#tell(repair, outcome, tally);
  }

  async #changeEndpoint(repair: EndpointRepair, tally: Tally): Promise<void> {
    const { endpointId } = repair;
    await this.#endpoints.whileJoined(endpointId, async () => {
      const desired = this.#endpoints.desired(endpointId);
      for (const { change, outcome } of await this.#links.repair(repair, desired))
        this.#tell({ ...change, endpointId }, outcome, tally);
      return true;
    });
  }

  /** Only a known endpoint can be joining. */
  async #deleteLink(repair: LinkDeletion): Promise<boolean> {
    const endpointId = this.#endpoints.idOfLink(repair.name) ?? repair.name;
    return await this.#endpoints.unlessJoined(endpointId, () => this.#links.deleteAbandoned(repair));
  }

  #tell(action: RepairAction, outcome: PromiseSettledResult<boolean>, tally: Tally): void {
    const addresses = 'endpointId' in action ? addressTexts(this.#endpoints.get(action.endpointId)) : [];
    if (outcome.status === 'rejected') {
      tally.failed++;
      this.#logger.error({ action, err: outcome.reason as unknown }, 'repair failed; retrying in the next round');
      this.#observer.onFailure(action, addresses, outcome.reason);
    } else if (outcome.value) {
      tally.repairs[action.kind] = (tally.repairs[action.kind] ?? 0) + 1;
      this.#logger.warn({ action }, 'repaired');
      this.#observer.onRepair(action, addresses);
    }
  }
}

function raises(repair: Repair): boolean {
  return repair.kind === 'change-endpoint' && repair.changes.some(raisesLink);
}
