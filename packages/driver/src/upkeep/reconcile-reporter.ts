import type { Logger, RepairAction } from '@routed/datapath';
import type { DriverEvents } from '../ground/events.ts';
import type { Journal } from '../ground/journal.ts';

/** One comparison of the kernel with what should be there. */
export interface RoundReport {
  /** Time in ISO 8601, UTC. */
  readonly at: string;
  readonly endpoints: number;
  /** What was repaired, by kind. */
  readonly repairs: Readonly<Partial<Record<RepairAction['kind'], number>>>;
  /** How many repairs failed. */
  readonly failed: number;
  readonly ms: number;
}

/** Counts what the reconciler does. */
export interface ReconcileMetrics {
  /** A repair was done. */
  countRepair(kind: string): void;
  /** A repair failed with this error. */
  onError(error: unknown): void;
  /** A comparison took this long. */
  observeRound(seconds: number): void;
}

/** Tells journal and metrics what the reconciler finds and does, and keeps the last round for status. */
export class ReconcileReporter {
  readonly #metrics: ReconcileMetrics;
  readonly #events: DriverEvents;
  readonly #journal: Pick<Journal, 'record'>;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #lastRound: RoundReport | undefined;
  #lastRoundAtMs = 0;

  constructor(deps: {
    readonly metrics: ReconcileMetrics;
    readonly events: DriverEvents;
    readonly journal: Pick<Journal, 'record'>;
    readonly logger: Pick<Logger, 'info' | 'warn'>;
  }) {
    this.#metrics = deps.metrics;
    this.#events = deps.events;
    this.#journal = deps.journal;
    this.#logger = deps.logger;
  }

  get lastRound(): RoundReport | undefined {
    return this.#lastRound;
  }

  /** How long ago that was; the clock may have been set since. */
  get msSinceRound(): number | undefined {
    return this.#lastRound === undefined ? undefined : performance.now() - this.#lastRoundAtMs;
  }

  /** @param addresses those of the endpoint, for an action on all of it */
  onRepair(action: RepairAction, addresses: readonly string[]): void {
    this.#metrics.countRepair(action.kind);
    this.#journal.record({ kind: 'repaired', ...subjectOf(action, addresses), detail: describeRepair(action) });
    this.#events.emit('repair');
  }

  onFailure(action: RepairAction, addresses: readonly string[], error: unknown): void {
    this.#metrics.onError(error);
    const detail = `${describeRepair(action)}: ${error instanceof Error ? error.message : String(error)}`;
    this.#journal.record({ kind: 'failed', ...subjectOf(action, addresses), detail });
  }

  /** Rules of the firewall were made; `isRepair`: they had been there, and somebody changed them or took them away. */
  onRules(what: string, isRepair: boolean): void {
    if (!isRepair) {
      this.#logger.info({ rules: what }, 'installed firewall rules');
      return;
    }
    const detail = `${what}: another program changed or removed them; restored`;
    this.#metrics.countRepair('rules');
    this.#logger.warn({ rules: what }, `repaired: ${detail}`);
    this.#journal.record({ kind: 'repaired', addresses: [], detail });
  }

  onRound(report: RoundReport): void {
    this.#metrics.observeRound(report.ms / 1000);
    this.#lastRound = report;
    this.#lastRoundAtMs = performance.now();
  }
}

function subjectOf(
  action: RepairAction,
  addresses: readonly string[],
): { readonly addresses: readonly string[]; readonly endpointId?: string } {
  return {
    addresses: 'route' in action ? [action.route.destination.replace(/\/\d+$/, '')] : addresses,
    ...('endpointId' in action ? { endpointId: action.endpointId } : {}),
  };
}

/** What a repair did, for people; begins with its kind, as metrics have it. */
function describeRepair(action: RepairAction): string {
  switch (action.kind) {
    case 'set-link':
      return `set-link: ${Object.entries(action.change).map(describeChange).join(', ')}`;
    case 'add-address':
    case 'delete-address':
      return `${action.kind}: ${action.address.address} on the host's end of the link`;
    case 'add-route':
    case 'delete-route':
      return `${action.kind}: ${action.route.destination}`;
    case 'set-neighbour':
      return `set-neighbour: ${action.neighbour.address} ${action.neighbour.mac ?? ''}`;
    case 'delete-neighbour':
      return `delete-neighbour: ${action.neighbour.address}`;
    case 'add-rule':
    case 'delete-rule':
      return `${action.kind}: priority ${action.rule.priority ?? ''}`;
    case 'set-limit':
    case 'delete-limit':
      return `${action.kind}: ${action.direction === 'in' ? 'towards' : 'from'} the container`;
    case 'delete-link':
      return `delete-link: ${action.name}, which no container uses`;
    case 'forget-sandbox':
      return 'forget-sandbox: its link is gone';
  }
}

function describeChange([field, value]: readonly [string, unknown]): string {
  if (field === 'isUp') return 'up';
  if (field === 'masterIndex') return 'out of its bridge';
  return `${field} ${String(value)}`;
}
