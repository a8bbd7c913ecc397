import { isDatapathError, type Logger } from '@routed/datapath';
import { errorText } from '@routed/text';
import { DriverError } from '../ground/errors.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

interface Refusal {
  readonly error: unknown;
  readonly pauseMs: number;
  readonly timer: NodeJS.Timeout;
}

/** Endpoints whose announcement or withdrawal the kernel, or the store, refused: each is tried again, after ever longer pauses. */
export class Refusals {
  readonly #retry: (endpointId: string) => void;
  readonly #logger: Logger;
  readonly #refused = new Map<string, Refusal>();

  constructor({ retry, logger }: { readonly retry: (endpointId: string) => void; readonly logger: Logger }) {
    this.#retry = retry;
    this.#logger = logger;
  }

  /** One whose link has gone is none: its container has ended, and nobody is led to it. */
  note(endpointId: string, error: unknown): void {
    if (isDatapathError(error, 'LINK_MISSING')) {
      this.end(endpointId);
      return;
    }
    const pauseMs = Math.min(2 * (this.#refused.get(endpointId)?.pauseMs ?? FIRST_PAUSE_MS / 2), LONGEST_PAUSE_MS);
    this.end(endpointId);
    const timer = setTimeout(() => this.#retry(endpointId), pauseMs).unref();
    this.#refused.set(endpointId, { error, pauseMs, timer });
    this.#logger.error({ err: error, endpointId, pauseMs }, 'an announcement could not be changed; retrying');
  }

  /** Its announcement is as it should be, or it has none any more. */
  end(endpointId: string): void {
    clearTimeout(this.#refused.get(endpointId)?.timer);
    this.#refused.delete(endpointId);
  }

  /** For people. */
  problems(): string[] {
    return [...this.#refused].map(([endpointId, { error }]) => describe(endpointId, error));
  }

  /** @throws DriverError ANNOUNCEMENT_REFUSED if the announcement of one of these endpoints could not be changed */
  requireNone(endpointIds: readonly string[]): void {
    const refused = endpointIds.find((endpointId) => this.#refused.has(endpointId));
    if (refused === undefined) return;
    const { error } = this.#refused.get(refused) ?? {};
    throw new DriverError('ANNOUNCEMENT_REFUSED', describe(refused, error), { cause: error });
  }

  stop(): void {
    for (const { timer } of this.#refused.values()) clearTimeout(timer);
  }
}

function describe(endpointId: string, error: unknown): string {
  return `endpoint ${endpointId.slice(0, 12)}: its announcement could not be changed: ${errorText(error)}; routed-plugin tries again`;
}
