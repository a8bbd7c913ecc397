import type { EndpointFilters } from '@routed/netfilter';
import type { Logger } from '../ground/logger.ts';

/** How often the kernel is told that names are read, and how long it believes that. */
const BEAT_MS = 3_000;
const ATTENDED_MS = 10_000;

/**
 * Tells the kernel that somebody reads names, again and again: where a list is open while the daemon is away, it has to close when the
 * daemon is back, and to open when it was killed.
 */
export class Attendance {
  readonly #filters: Pick<EndpointFilters, 'attend'>;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: { readonly filters: Pick<EndpointFilters, 'attend'>; readonly logger: Logger }) {
    this.#filters = deps.filters;
    this.#logger = deps.logger;
  }

  /** Names are read from now on. Nothing happens when they were already. */
  async begin(): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#attend(ATTENDED_MS), BEAT_MS).unref();
    await this.#attend(ATTENDED_MS);
  }

  /** They are not read for a while, perhaps: the kernel finds that out by itself. */
  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Nobody reads them any more: the kernel is told at once. */
  async end(): Promise<void> {
    this.pause();
    await this.#attend(0);
  }

  async #attend(timeoutMs: number): Promise<void> {
    try {
      await this.#filters.attend(timeoutMs);
    } catch (error) {
      // Somebody took the rules away: the next round brings them back, and what is kept beside them.
      this.#logger.debug({ err: error }, 'could not tell the kernel whether names are read');
    }
  }
}
