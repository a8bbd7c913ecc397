import type { Logger } from '@routed/datapath';
import type { DockerEngine, EngineEvent, EngineNotice } from '@routed/docker-engine';
import type { Connections } from '@routed/netfilter';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Journal } from '../ground/journal.ts';
import type { AnnouncementMetrics } from './announcement-metrics.ts';
import type { ContainerCondition } from './announcement.ts';
import { changed, conditionOf, ENDING, isSignal } from './container-condition.ts';
import type { DrainCounters } from './drain-counters.ts';
import { StopDrains } from './stop-drains.ts';

interface Deps {
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'amend'>;
  readonly engine: Pick<DockerEngine, 'events'> & {
    readonly containers: Pick<DockerEngine['containers'], 'list' | 'inspect' | 'kill'>;
  };
  readonly connections: Pick<Connections, 'count'>;
  readonly counts: Pick<DrainCounters, 'stop'>;
  readonly metrics: AnnouncementMetrics;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
  /** Does the work once all earlier work is done. Never rejects. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  /** Decides anew whether an endpoint is announced, and makes it so. */
  readonly reconsider: (endpointId: string) => Promise<void>;
}

/** What is known of a container with endpoints of ours. */
interface Known {
  readonly endpointIds: readonly string[];
  readonly condition: ContainerCondition;
  readonly stopSignal: string;
  readonly startedAtMs: number;
}

const FOLLOWED = {
  type: ['container', 'network'],
  event: ['start', 'kill', 'die', 'pause', 'unpause', 'health_status', 'destroy', 'connect'],
};

/** For how long before the daemon's start stop signals count: the longest `routed.drain`. Docker has 256 events of any kind. */
const MISSED_STOPS_MS = 3_600_000;

const BLIND =
  'Docker does not answer: containers with routed.announce=running, healthy or manual, or with routed.drain, ' +
  'stay announced or withdrawn as they are';

/**
 * Follows the containers of endpoints by Docker's events, and has their announcements reconsidered with each change. Containers that
 * were sent a stop signal that ends nothing are drained ({@link StopDrains}).
 *
 * Docker is followed only while an endpoint depends on it. While Docker does not answer, all stays as it was known.
 */
export class ContainerWatch {
  readonly #deps: Deps;
  readonly #stopDrains: StopDrains;
  readonly #containers = new Map<string, Known>();
  /** The container of each endpoint. */
  readonly #owners = new Map<string, string>();
  readonly #stopping = new AbortController();
  #following: Promise<void> | undefined;
  /** In milliseconds since 1970. */
  #followedSince = 0;
  #isBlind = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#stopDrains = new StopDrains({ ...deps, containers: deps.engine.containers });
  }

  /** Whether Docker does not answer. */
  get isBlind(): boolean {
    return this.#isBlind;
  }

  /** What operators should know, for people. */
  problems(): string[] {
    return this.#isBlind ? [BLIND] : [];
  }

  /** How the container of an endpoint is; undefined: Docker has not said yet. */
  conditionOf({ id, isEnding }: Endpoint): ContainerCondition | undefined {
    const condition = this.#containers.get(this.#owners.get(id) ?? '')?.condition;
    // Docker says that it runs as long as it does.
    return isEnding === true ? { ...condition, state: 'ending' } : condition;
  }

  /** Follows Docker from now on, if an endpoint depends on it. Safe to repeat. */
  followIfNeeded(): void {
    if (this.#stopping.signal.aborted || !this.#deps.endpoints.all().some(dependsOnDocker)) return;
    this.#following ??= this.#follow().catch((error: unknown) => {
      this.#deps.logger.error({ err: error }, 'Docker events cannot be followed: announcements stay as they are');
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopDrains.stop();
    await this.#following;
  }

  /** The endpoint has left its container. */
  forget(endpointId: string): void {
    this.#owners.delete(endpointId);
  }

  /** Asks Docker for a container, if it may have endpoints of ours. @throws DockerError */
  async look(containerId: string): Promise<void> {
    const details = await this.#deps.engine.containers.inspect(containerId, this.#stopping.signal);
    if (details === undefined) return;
    const endpointIds = details.networks.flatMap(({ endpointId }) =>
      this.#deps.endpoints.get(endpointId) === undefined ? [] : [endpointId],
    );
    if (endpointIds.length === 0) return;
    const { stopSignal, startedAtMs } = details;
    await this.#set(details.id, { endpointIds, condition: conditionOf(details), stopSignal, startedAtMs });
    if (details.isRunning) this.#stopDrains.begin(details.id, endpointIds);
  }

  async #follow(): Promise<void> {
    const { engine, inTurn } = this.#deps;
    this.#followedSince = Date.now();
    const since = BigInt(this.#followedSince - MISSED_STOPS_MS) * 1_000_000n;
    for await (const notice of engine.events({ filters: FOLLOWED, since, signal: this.#stopping.signal })) {
      await inTurn(() => this.#onNotice(notice));
    }
  }

  async #onNotice(notice: EngineNotice): Promise<void> {
    this.#isBlind = notice.kind === 'disconnected';
    if (notice.kind === 'resync') await this.#resync();
    else if (notice.kind === 'event') await this.#onEvent(notice.event);
  }

  async #resync(): Promise<void> {
    const { engine, endpoints } = this.#deps;
    const ours = new Set(
      endpoints
        .all()
        .filter(dependsOnDocker)
        .map(({ id }) => id),
    );
    for (const { id, networks } of await engine.containers.list()) {
      if (networks.some(({ endpointId }) => ours.has(endpointId))) await this.look(id);
    }
  }

  async #onEvent({ type, action, detail, id, attributes, timeNano }: EngineEvent): Promise<void> {
    const atMs = Number(timeNano / 1_000_000n);
    if (atMs < this.#followedSince) {
      // The state that was read is newer. That a container was told to stop is not in it.
      const started = this.#containers.get(id);
      if (action !== 'kill' || started === undefined || atMs < started.startedAtMs) return;
      await this.#onSignal(id, started, attributes['signal'], atMs);
      return;
    }
    if (type === 'network') {
      if (action === 'connect' && attributes['container'] !== undefined) await this.look(attributes['container']);
      return;
    }
    if (action === 'start' || action === 'die') this.#stopDrains.cancel(id);
    if (action === 'start') await this.look(id);
    const known = this.#containers.get(id);
    if (known === undefined) return;
    if (action === 'destroy') {
      this.#containers.delete(id);
      return;
    }
    const before = this.#announcedOf(known);
    if (action === 'kill') await this.#onSignal(id, known, attributes['signal'], atMs);
    const condition = changed(known.condition, { action, detail });
    if (condition !== known.condition) await this.#set(id, { ...known, condition });
    // Docker's clock is this host's.
    if (this.#announcedOf(known) < before) this.#deps.metrics.observeWithdrawal(Math.max(0, Date.now() - atMs) / 1000);
  }

  /** How many of its endpoints are announced. */
  #announcedOf({ endpointIds }: Known): number {
    return endpointIds.filter((id) => this.#deps.endpoints.get(id)?.isAnnounced ?? true).length;
  }

  /** A container was sent a signal. One that ends nothing leaves time to drain it, if it is its own stop signal. */
  async #onSignal(containerId: string, known: Known, signal: string | undefined, atMs: number): Promise<void> {
    const doesEnd = isSignal(signal, ENDING);
    const isGoingOn = known.condition.state === 'running' || known.condition.state === 'paused';
    if (!isGoingOn || (!doesEnd && !isSignal(signal, [known.stopSignal]))) return;
    if (!doesEnd && known.condition.state === 'running') await this.#stopDrains.note(known.endpointIds, atMs);
    await this.#set(containerId, { ...known, condition: { ...known.condition, state: 'ending' } });
    this.#stopDrains.begin(containerId, known.endpointIds);
    // After the withdrawal, which is urgent. Should the daemon end before, the next one hears of the signal again.
    for (const endpoint of known.endpointIds.map((id) => this.#deps.endpoints.get(id))) {
      if (endpoint === undefined || endpoint.isEnding === true || !dependsOnDocker(endpoint)) continue;
      await this.#deps.endpoints.amend(endpoint.id, { isEnding: true });
    }
  }

  async #set(containerId: string, known: Known): Promise<void> {
    this.#containers.set(containerId, known);
    for (const endpointId of known.endpointIds) this.#owners.set(endpointId, containerId);
    await this.#reconsider(known);
  }

  async #reconsider({ endpointIds }: Known): Promise<void> {
    for (const endpointId of endpointIds) await this.#deps.reconsider(endpointId);
  }
}

/** Whether Docker decides when it is announced. */
export function dependsOnDocker({ announce = 'always', drainMs }: Endpoint): boolean {
  return announce !== 'always' || drainMs !== undefined;
}
