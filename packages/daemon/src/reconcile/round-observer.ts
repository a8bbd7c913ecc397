import type { Journal } from '../journal/journal.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { RepairAction } from './reconcile-plan.ts';

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

/** Tells journal and metrics what the reconciler finds and does, and keeps the last round for status. */
export class RoundObserver {
  readonly #metrics: Pick<Metrics, 'countRepair' | 'countError' | 'observeRound'>;
  readonly #journal: Pick<Journal, 'record'>;
  readonly #addressesOf: (endpointId: string) => readonly string[];
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #lastRound: RoundReport | undefined;

  constructor(deps: {
    readonly metrics: Pick<Metrics, 'countRepair' | 'countError' | 'observeRound'>;
    readonly journal: Pick<Journal, 'record'>;
    /** The addresses of an endpoint; none where it is not known. */
    readonly addressesOf: (endpointId: string) => readonly string[];
    readonly logger: Pick<Logger, 'info' | 'warn'>;
  }) {
    this.#metrics = deps.metrics;
    this.#journal = deps.journal;
    this.#addressesOf = deps.addressesOf;
    this.#logger = deps.logger;
  }

  get lastRound(): RoundReport | undefined {
    return this.#lastRound;
  }

  onRepair(action: RepairAction): void {
    this.#metrics.countRepair(action.kind);
    this.#journal.record({ kind: 'repaired', ...this.#subjectOf(action), detail: describeRepair(action) });
  }

  onFailure(action: RepairAction, error: unknown): void {
    this.#metrics.countError(error);
    const detail = `${describeRepair(action)}: ${error instanceof Error ? error.message : String(error)}`;
    this.#journal.record({ kind: 'failed', ...this.#subjectOf(action), detail });
  }

  /** Rules of the firewall were made; `isRepair`: they had been there, and somebody changed them or took them away. */
  onRules(what: string, isRepair: boolean): void {
    if (!isRepair) {
      this.#logger.info({ rules: what }, 'rules of the firewall made');
      return;
    }
    const detail = `${what}: somebody changed them or took them away, and they are as they should be again`;
    this.#metrics.countRepair('rules');
    this.#logger.warn({ rules: what }, `repaired: ${detail}`);
    this.#journal.record({ kind: 'repaired', addresses: [], detail });
  }

  onRound(report: RoundReport): void {
    this.#metrics.observeRound(report.ms / 1000);
    this.#lastRound = report;
  }

  #subjectOf(action: RepairAction): { readonly addresses: readonly string[]; readonly endpointId?: string } {
    const endpointId = 'endpointId' in action ? action.endpointId : undefined;
    if ('destination' in action) return withId([action.destination.replace(/\/\d+$/, '')], endpointId);
    return withId(endpointId === undefined ? [] : this.#addressesOf(endpointId), endpointId);
  }
}

function withId(
  addresses: readonly string[],
  endpointId: string | undefined,
): { readonly addresses: readonly string[]; readonly endpointId?: string } {
  return { addresses, ...(endpointId === undefined ? {} : { endpointId }) };
}

/** What a repair did, for people; begins with its kind, as metrics have it. */
function describeRepair(action: RepairAction): string {
  switch (action.kind) {
    case 'set-link':
      return `set-link: ${Object.entries(action.change).map(describeChange).join(', ')}`;
    case 'add-address':
      return `add-address: ${action.address.address} on the host's end of the link`;
    case 'add-route':
    case 'delete-route':
      return `${action.kind}: ${action.destination}`;
    case 'set-neighbour':
      return `set-neighbour: ${action.neighbour.address} ${action.neighbour.mac ?? ''}`;
    case 'delete-neighbour':
      return `delete-neighbour: ${action.address}`;
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
