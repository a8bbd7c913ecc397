import type { Rtnl } from '@routed/netns';
import type { LinkReaper, Logger } from '@routed/datapath';
import type { Announcer } from '../announcement/announcer.ts';
import type { Blocks } from '../blocks/blocks.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { DockerLeases } from '../calls/docker-leases.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { StaleNetworks } from './stale-networks.ts';
import type { Absence } from '../endpoints/absence.ts';
import type { StaleEndpoints } from './stale-endpoints.ts';
import type { HiddenRoutes } from './hidden-routes.ts';
import type { Reconciler } from './reconciler.ts';
import { areContainersKnown } from './lost-records.ts';
import { Phases } from '../ground/phases.ts';

const INTERVAL_MS = 30_000;

/** Takes up what the previous run of the daemon left, and keeps the kernel as it should be from then on. */
export class ReconcileLoop {
  readonly #networks: NetworkRegistry;
  readonly #endpoints: EndpointLifecycle;
  readonly #reconciler: Reconciler;
  readonly #reaper: LinkReaper;
  readonly #leases: Pick<DockerLeases, 'load'>;
  readonly #absence: Pick<Absence, 'withdraw'>;
  readonly #hidden: Pick<HiddenRoutes, 'check'>;
  readonly #forgotten: Pick<StaleEndpoints, 'sweep'>;
  readonly #forgottenNetworks: Pick<StaleNetworks, 'sweep'>;
  readonly #announcer: Pick<Announcer, 'review'>;
  readonly #blocks: Pick<Blocks, 'load' | 'review'>;
  readonly #rtnl: Pick<Rtnl, 'links'>;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isRepairQueued = false;
  #isHostRepairQueued = false;

  constructor(deps: {
    readonly networks: NetworkRegistry;
    readonly endpoints: EndpointLifecycle;
    readonly reconciler: Reconciler;
    readonly reaper: LinkReaper;
    readonly leases: Pick<DockerLeases, 'load'>;
    readonly absence: Pick<Absence, 'withdraw'>;
    readonly hidden: Pick<HiddenRoutes, 'check'>;
    readonly forgotten: Pick<StaleEndpoints, 'sweep'>;
    readonly forgottenNetworks: Pick<StaleNetworks, 'sweep'>;
    readonly announcer: Pick<Announcer, 'review'>;
    readonly blocks: Pick<Blocks, 'load' | 'review'>;
    readonly rtnl: Pick<Rtnl, 'links'>;
    readonly logger: Logger;
  }) {
    this.#networks = deps.networks;
    this.#endpoints = deps.endpoints;
    this.#reconciler = deps.reconciler;
    this.#reaper = deps.reaper;
    this.#leases = deps.leases;
    this.#absence = deps.absence;
    this.#hidden = deps.hidden;
    this.#forgotten = deps.forgotten;
    this.#forgottenNetworks = deps.forgottenNetworks;
    this.#announcer = deps.announcer;
    this.#blocks = deps.blocks;
    this.#rtnl = deps.rtnl;
    this.#logger = deps.logger;
  }

  /** Loads the records of the previous run. Rejects when they cannot be read. */
  async load(): Promise<void> {
    await this.#networks.load();
    await this.#endpoints.load();
    this.#leases.load();
    await this.#blocks.load();
  }

  /** Fulfilled when the kernel agrees with the records. Never rejects: a repair that fails is tried again. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#queue(() => this.#wholeRound());
      this.#queue(() => this.#tidyHost());
      this.#queue(() => this.#hidden.check());
    }, INTERVAL_MS).unref();
    const phases = new Phases();
    // Nobody waits for a container that has ended.
    this.#queue(() => this.#absence.withdraw());
    this.#queue(async () => {
      phases.end('absence');
      await this.#reaper.adopt();
      phases.end('links');
      await this.#wholeRound(phases);
      await this.#endpoints.syncFilters();
      phases.end('filters');
    });
    await this.#round;
    this.#logger.debug(phases.report(), 'the kernel is as the records say');
    // Nobody waits for these, and among thousands of links they take as long as the round.
    this.#queue(() => this.#tidyHost());
    this.#queue(() => this.#hidden.check());
  }

  /** Repairs endpoints at once, now that somebody is known to have changed what is theirs. Many calls, one round. */
  repair(): void {
    if (this.#isRepairQueued) return;
    this.#isRepairQueued = true;
    this.#queue(async () => {
      this.#isRepairQueued = false;
      await this.#reconciler.reconcile();
    });
  }

  /** Readies the host for its networks again, now that it may be no longer. Many calls, one round. */
  repairHost(): void {
    if (this.#isHostRepairQueued) return;
    this.#isHostRepairQueued = true;
    this.#queue(async () => {
      this.#isHostRepairQueued = false;
      await this.#reviewHost();
    });
  }

  /** Waits for the rounds that were asked for. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  async #wholeRound(phases?: Phases): Promise<void> {
    await this.#reviewHost();
    phases?.end('host');
    await this.#reconciler.reconcile();
    phases?.end('comparison');
    await this.#forgotten.sweep();
    await this.#forgottenNetworks.sweep();
    await this.#endpoints.sweepFilters();
    phases?.end('leftovers');
  }

  /** After a round: what is stale is gone by then. */
  async #tidyHost(): Promise<void> {
    try {
      const areAllKnown = () => areContainersKnown(this.#rtnl, this.#endpoints, this.#networks);
      if (await this.#networks.tidyHost(areAllKnown))
        this.#logger.debug({}, 'nothing of earlier networks is on the host');
    } catch (error) {
      this.#logger.warn({ err: error }, 'could not remove what earlier networks left on the host');
    }
  }

  /** The rules of a block before its route. */
  async #reviewHost(): Promise<void> {
    await this.#networks.prepareHost();
    await this.#announcer.review();
    await this.#blocks.review();
  }

  /** One round at a time: two would repair the same twice. */
  #queue(round: () => Promise<unknown>): void {
    this.#round = this.#round.then(round).then(
      () => undefined,
      (error: unknown) => {
        this.#logger.error({ err: error }, 'reconciling with the kernel failed; retrying');
      },
    );
  }
}
