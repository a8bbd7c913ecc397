import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { LinkReaper } from '../endpoints/link-reaper.ts';
import type { Logger } from '../logger.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Reconciler } from './reconciler.ts';

const INTERVAL_MS = 30_000;

/** Takes up what an earlier life of the daemon left, and keeps the kernel as it should be from then on. */
export class StateKeeper {
  readonly #networks: NetworkRegistry;
  readonly #endpoints: EndpointLifecycle;
  readonly #reconciler: Reconciler;
  readonly #reaper: LinkReaper;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<unknown> = Promise.resolve();

  constructor(deps: {
    readonly networks: NetworkRegistry;
    readonly endpoints: EndpointLifecycle;
    readonly reconciler: Reconciler;
    readonly reaper: LinkReaper;
    readonly logger: Logger;
  }) {
    this.#networks = deps.networks;
    this.#endpoints = deps.endpoints;
    this.#reconciler = deps.reconciler;
    this.#reaper = deps.reaper;
    this.#logger = deps.logger;
  }

  /** Fulfilled when the earlier state is loaded and the kernel agrees with it. Never rejects: repairs are repeated. */
  async start(): Promise<void> {
    try {
      await this.#endpoints.load();
      await this.#networks.load();
      await this.#reaper.adopt();
      await this.#reconciler.reconcile();
    } catch (error) {
      this.#logger.error({ err: error }, 'taking up the state of an earlier life failed; trying again');
    }
    this.#timer = setInterval(() => {
      this.#round = this.#reconcile();
    }, INTERVAL_MS).unref();
  }

  /** Waits for the round under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  async #reconcile(): Promise<void> {
    try {
      await this.#reconciler.reconcile();
    } catch (error) {
      this.#logger.error({ err: error }, 'comparing with the kernel failed; it is tried again');
    }
  }
}
