/** How a call of Docker's ended: `refused` for what its user can change, `failed` for what went wrong here. */
export type CallOutcome = 'ok' | 'refused' | 'failed';

/** Is told of calls, such as for metrics. */
export interface CallObserver {
  /** A call has been answered. */
  onCall(method: string, outcome: CallOutcome, seconds: number): void;
  /** A call ended with this error. */
  onError(error: unknown): void;
}
