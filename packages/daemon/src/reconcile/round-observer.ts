import type { Journal } from '../journal/journal.ts';
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
  #lastRound: RoundReport | undefined;

  constructor(deps: {
    readonly metrics: Pick<Metrics, 'countRepair' | 'countError' | 'observeRound'>;
    readonly journal: Pick<Journal, 'record'>;
  }) {
    this.#metrics = deps.metrics;
    this.#journal = deps.journal;
  }

  get lastRound(): RoundReport | undefined {
    return this.#lastRound;
  }

  onRepair(action: RepairAction): void {
    this.#metrics.countRepair(action.kind);
    this.#journal.record({ kind: 'repaired', ...subjectOf(action), detail: action.kind });
  }

  onFailure(action: RepairAction, error: unknown): void {
    this.#metrics.countError(error);
    const detail = `${action.kind}: ${error instanceof Error ? error.message : String(error)}`;
    this.#journal.record({ kind: 'failed', ...subjectOf(action), detail });
  }

  onRound(report: RoundReport): void {
    this.#metrics.observeRound(report.ms / 1000);
    this.#lastRound = report;
  }
}

function subjectOf(action: RepairAction): { readonly addresses: readonly string[]; readonly endpointId?: string } {
  return {
    addresses: 'destination' in action ? [action.destination.replace(/\/\d+$/, '')] : [],
    ...('endpointId' in action ? { endpointId: action.endpointId } : {}),
  };
}
