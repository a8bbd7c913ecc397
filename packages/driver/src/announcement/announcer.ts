import type { Logger } from '@routed/datapath';
import type { DockerEngine } from '@routed/docker-engine';
import type { Connections } from '@routed/netfilter';
import type { Takeovers } from '../conflicts/takeovers.ts';
import type { UnannouncedNetworks } from '../conflicts/unannounced-networks.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, type Endpoint } from '../endpoints/endpoint.ts';
import type { DriverEvents } from '../ground/events.ts';
import type { AnnouncePolicy } from '../networks/options.ts';
import type { Journal } from '../ground/journal.ts';
import type { AnnouncementMetrics } from './announcement-metrics.ts';
import { type Announcement, type AnnouncementMemory, type AnnouncementReason, decide } from './announcement.ts';
import { ContainerWatch, dependsOnDocker } from './container-watch.ts';
import { DrainCounters } from './drain-counters.ts';
import { Refusals } from './refusals.ts';
import type { HostDrain } from '../endpoints/host-drain.ts';

interface AnnouncerDeps {
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'announce' | 'amend' | 'uncover'>;
  readonly hostDrain: Pick<HostDrain, 'isDraining' | 'set'>;
  readonly unannounced: Pick<UnannouncedNetworks, 'note' | 'track' | 'forget' | 'review'>;
  readonly takeovers: Pick<Takeovers, 'adopt' | 'prepare' | 'begin' | 'end' | 'review'>;
  readonly engine: Pick<DockerEngine, 'events'> & {
    readonly containers: Pick<DockerEngine['containers'], 'list' | 'inspect' | 'kill'>;
  };
  readonly connections: Pick<Connections, 'count'>;
  readonly metrics: AnnouncementMetrics;
  readonly events: DriverEvents;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * Announces endpoints as `routed.announce` says, and withdraws them: as soon as {@link ContainerWatch} tells that their container
 * starts, becomes healthy, is paused, or is sent the signal that ends it, and as operators say.
 */
export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #containers: ContainerWatch;
  readonly #memories = new Map<string, AnnouncementMemory>();
  readonly #reasons = new Map<string, AnnouncementReason>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** When those that wait are announced if nothing happens before: milliseconds since 1970. */
  readonly #dueAt = new Map<string, number>();
  /** How often drains began and ended. */
  readonly drainCounts: DrainCounters = new DrainCounters();
  readonly #refusals: Refusals;
  #isStopped = false;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
    this.#containers = new ContainerWatch({
      ...deps,
      counts: this.drainCounts,
      inTurn: (work) => this.#inTurn(work),
      reconsider: (endpointId) => this.#reconsider(endpointId),
    });
    const retry = (endpointId: string): void => void this.#inTurn(() => this.#reconsider(endpointId));
    this.#refusals = new Refusals({ ...deps, retry });
  }

  /** Takes up what the previous run left: before endpoints are compared with the kernel. Never rejects: rounds try again. */
  async start(): Promise<void> {
    this.#deps.events.on('join', (endpointId) => this.#onJoin(endpointId));
    this.#deps.events.on('leave', (endpointId) => this.#onLeave(endpointId));
    for (const endpoint of this.#deps.endpoints.all()) this.#note(endpoint);
    await this.#inTurn(() => this.#deps.takeovers.adopt());
    await this.#inTurn(() => this.review());
    await this.#reconsiderAll(
      (endpoint) => this.#isWithheld(endpoint) || endpoint.isEnding === true || isHeldBack(endpoint),
    );
    this.#containers.followIfNeeded();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#refusals.stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await this.#containers.stop();
    await this.#work;
  }

  /** Makes the rules of traffic to unannounced endpoints what they have to be: safe to repeat. @throws NetlinkError */
  async review(): Promise<void> {
    await this.#deps.takeovers.review();
    await this.#deps.unannounced.review();
  }

  /** Why an endpoint is announced, or is not. */
  reasonOf(endpointId: string): AnnouncementReason {
    const policy = this.#deps.endpoints.get(endpointId)?.announce ?? 'always';
    return this.#reasons.get(endpointId) ?? (policy === 'always' ? 'always' : 'unknown');
  }

  /** When an endpoint that waits is announced if nothing happens before: milliseconds since 1970. */
  dueAt(endpointId: string): number | undefined {
    return this.#dueAt.get(endpointId);
  }

  /** Whether Docker does not answer: endpoints that depend on it stay as they are. */
  get isBlind(): boolean {
    return this.#containers.isBlind;
  }

  /** What operators should know, for people. */
  problems(): string[] {
    const { endpoints } = this.#deps;
    const found = [...this.#reasons].flatMap(([id, reason]) =>
      (reason === 'no-healthcheck' || reason === 'flapping') && endpoints.get(id) !== undefined
        ? [`endpoint ${id.slice(0, 12)}: ${WARNINGS[reason]}`]
        : [],
    );
    return [...found, ...this.#refusals.problems(), ...this.#containers.problems()];
  }

  /** Announces or withdraws an endpoint with `routed.announce=manual`. @throws DriverError ENDPOINT_UNKNOWN, ANNOUNCEMENT_REFUSED */
  async wish(endpointId: string, isWished: boolean): Promise<void> {
    await this.#deps.endpoints.amend(endpointId, { isWished });
    this.#noteOrder(endpointId, isWished ? 'announce' : 'withdraw');
    await this.#inTurn(() => this.#reconsider(endpointId));
    this.#refusals.requireNone([endpointId]);
  }

  /**
   * Makes endpoints of a container follow another policy, until it leaves their networks. With `manual`, they are announced. A
   * container that survived a signal that ends others counts as running again.
   *
   * @throws DriverError ENDPOINT_UNKNOWN, ANNOUNCEMENT_REFUSED
   */
  async follow(containerId: string, endpointIds: readonly string[], announce: AnnouncePolicy): Promise<void> {
    for (const endpointId of endpointIds) {
      await this.#deps.endpoints.amend(endpointId, {
        announce,
        isEnding: false,
        ...(announce === 'manual' && { isWished: true }),
      });
      this.#noteOrder(endpointId, `announce --policy ${announce}`);
      // A block cannot be withdrawn for one container.
      if (announce !== 'always') await this.#deps.endpoints.uncover(endpointId, `routed.announce is ${announce} now`);
    }
    this.#containers.followIfNeeded();
    await this.#inTurn(() => this.#containers.look(containerId));
    this.#refusals.requireNone(endpointIds);
  }

  /** Whether an operator drains the endpoint, or the host. */
  isDraining({ isDraining }: Endpoint): boolean {
    return isDraining === true || this.#deps.hostDrain.isDraining;
  }

  /** Whether it is not announced whatever else is known: an operator says so, or its container was told to stop. */
  #isWithheld(endpoint: Endpoint): boolean {
    return this.isDraining(endpoint) || endpoint.stopDrain !== undefined;
  }

  /** Withdraws endpoints whatever `routed.announce` says, or ends that. @throws DriverError ENDPOINT_UNKNOWN, ANNOUNCEMENT_REFUSED */
  async drain(endpointIds: readonly string[], isDraining: boolean): Promise<void> {
    for (const endpointId of endpointIds) {
      await this.#deps.endpoints.amend(endpointId, { isDraining });
      this.#noteOrder(endpointId, isDraining ? 'drain' : 'undrain');
      this.drainCounts.endpoint[isDraining ? 'begun' : 'ended']++;
    }
    await this.#reconsiderAll(({ id }) => endpointIds.includes(id));
    this.#refusals.requireNone(endpointIds);
  }

  /**
   * Withdraws all endpoints, also those that join from now on; or ends every drain, also those of single endpoints.
   *
   * @throws DriverError ANNOUNCEMENT_REFUSED
   */
  async drainHost(isDraining: boolean): Promise<void> {
    await this.#deps.hostDrain.set(isDraining);
    this.drainCounts.host[isDraining ? 'begun' : 'ended']++;
    const detail = `an operator: routed-plugin ${isDraining ? 'drain' : 'undrain'} --all`;
    this.#deps.journal.record({ kind: 'ordered', addresses: [], detail });
    const single = isDraining ? [] : this.#deps.endpoints.all().filter((endpoint) => endpoint.isDraining === true);
    for (const { id } of single) await this.#deps.endpoints.amend(id, { isDraining: false });
    await this.#reconsiderAll(() => true);
    this.#refusals.requireNone(this.#deps.endpoints.all().map(({ id }) => id));
  }

  async #reconsiderAll(isMeant: (endpoint: Endpoint) => boolean): Promise<void> {
    for (const endpoint of this.#deps.endpoints.all()) {
      if (isMeant(endpoint)) await this.#inTurn(() => this.#reconsider(endpoint.id));
    }
  }

  #noteOrder(endpointId: string, order: string): void {
    const addresses = addressTexts(this.#deps.endpoints.get(endpointId));
    this.#deps.journal.record({
      kind: 'ordered',
      addresses,
      endpointId,
      detail: `an operator: routed-plugin ${order}`,
    });
  }

  #onJoin(endpointId: string): void {
    const endpoint = this.#deps.endpoints.get(endpointId);
    if (endpoint === undefined) return;
    if (!dependsOnDocker(endpoint) && !isHeldBack(endpoint) && !this.isDraining(endpoint)) return;
    this.#containers.followIfNeeded();
    void this.#inTurn(async () => {
      // As it is now: an event may have changed it while this waited for its turn, or it may have left.
      const current = this.#deps.endpoints.get(endpointId);
      if (current === undefined) return;
      await this.#attempt(endpointId, async () => {
        await this.#deps.takeovers.prepare(current);
        await this.#track(current);
      });
      await this.#reconsider(endpointId);
    });
  }

  #onLeave(endpointId: string): void {
    clearTimeout(this.#timers.get(endpointId));
    this.#refusals.end(endpointId);
    this.#containers.forget(endpointId);
    for (const map of [this.#memories, this.#reasons, this.#timers, this.#dueAt]) map.delete(endpointId);
    const areRulesOver = this.#deps.unannounced.forget(endpointId);
    void this.#inTurn(() => (areRulesOver ? this.review() : this.#deps.takeovers.review()));
  }

  /** One after another, as Docker tells it. Never rejects; what the kernel refuses of an announcement is tried again. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      if (this.#isStopped) return;
      this.#deps.logger.error({ err: error }, 'an announcement could not be decided about; the next event tries again');
    });
    return this.#work;
  }

  async #reconsider(endpointId: string): Promise<void> {
    const endpoint = this.#deps.endpoints.get(endpointId);
    clearTimeout(this.#timers.get(endpointId));
    if (endpoint === undefined) return;
    const memory = this.#memories.get(endpointId) ?? { isAnnounced: endpoint.isAnnounced ?? true, withdrawals: [] };
    const container = this.#containers.conditionOf(endpoint);
    const { announce: policy = 'always', announceDelayMs: delayMs = 0, isWished } = endpoint;
    const inputs = {
      policy,
      delayMs,
      isDraining: this.#isWithheld(endpoint) || (endpoint.drainMs !== undefined && container?.state === 'ending'),
      ...(isWished !== undefined && { isWished }),
      ...(container && { container }),
    };
    const decided = decide(inputs, memory, performance.now());
    const before = this.#reasons.get(endpointId);
    this.#memories.set(endpointId, decided.memory);
    this.#lookAgain(endpointId, decided);
    this.#tellReason(endpoint, decided.reason);
    await this.#attempt(endpointId, () => this.#change(endpoint, decided, before));
  }

  async #attempt(endpointId: string, change: () => Promise<void>): Promise<void> {
    try {
      await change();
      this.#refusals.end(endpointId);
    } catch (error) {
      if (!this.#isStopped) this.#refusals.note(endpointId, error);
    }
  }

  async #change(
    endpoint: Endpoint,
    { isAnnounced, reason }: Announcement,
    before: AnnouncementReason | undefined,
  ): Promise<void> {
    // Also the rules of an earlier try.
    if ((endpoint.isAnnounced ?? true) === isAnnounced) {
      await this.#track(endpoint);
      return;
    }
    // The rules are there before the route that needs them, and go after it.
    if (isAnnounced) await this.#deps.takeovers.begin(endpoint);
    else await this.#track({ ...endpoint, isAnnounced });
    const held = before === 'delayed' || before === 'flapping' ? ` (no longer ${before})` : '';
    await this.#deps.endpoints.announce(endpoint.id, isAnnounced, `${reason}${held}`);
    if (isAnnounced) await this.#track({ ...endpoint, isAnnounced });
    else await this.#deps.takeovers.end(addressTexts(endpoint));
  }

  /** Notes whether an endpoint is announced; the rules follow when that is the first, or was the last, of its network. */
  async #track(endpoint: Endpoint): Promise<void> {
    if (!this.#note(endpoint)) return;
    try {
      await this.#deps.unannounced.review();
    } catch (error) {
      // The next try makes them first, too.
      if (endpoint.isAnnounced === false) this.#note({ ...endpoint, isAnnounced: true });
      throw error;
    }
  }

  #note({ id, networkId, isAnnounced, sandboxKey }: Endpoint): boolean {
    return this.#deps.unannounced.note(networkId, id, isAnnounced === false && sandboxKey !== undefined);
  }

  #tellReason(endpoint: Endpoint, reason: AnnouncementReason): void {
    const { id } = endpoint;
    if (this.#reasons.get(id) === reason) return;
    this.#reasons.set(id, reason);
    const dueAt = this.#dueAt.get(id);
    if (dueAt !== undefined) {
      const detail = `${reason}: stays withdrawn until ${new Date(dueAt).toISOString()}, if nothing happens before`;
      this.#deps.journal.record({ kind: 'held', addresses: addressTexts(endpoint), endpointId: id, detail });
    }
    if (reason === 'no-healthcheck' || reason === 'flapping') {
      this.#deps.logger.warn({ endpointId: id }, WARNINGS[reason]);
    }
  }

  #lookAgain(endpointId: string, { lookAgainAt }: Announcement): void {
    this.#dueAt.delete(endpointId);
    if (lookAgainAt === undefined) return;
    const leftMs = Math.max(0, lookAgainAt - performance.now());
    this.#dueAt.set(endpointId, Date.now() + leftMs);
    const again = (): void => void this.#inTurn(() => this.#reconsider(endpointId));
    this.#timers.set(endpointId, setTimeout(again, leftMs + 1).unref());
  }
}

const WARNINGS = {
  'no-healthcheck':
    'routed.announce=healthy, and the container has no HEALTHCHECK: it is announced while it runs, whatever state it is in',
  flapping:
    'the container changes between healthy and not too often: it stays withdrawn until it has been quiet for a minute',
} as const;

/** Whether it was withdrawn, and Docker does not say when that ends. */
function isHeldBack(endpoint: Endpoint): boolean {
  return endpoint.isAnnounced === false && !dependsOnDocker(endpoint);
}
