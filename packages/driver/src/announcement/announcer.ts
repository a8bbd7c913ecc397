import type { Logger, UnannouncedTraffic } from '@routed/datapath';
import type { ContainerDetails, DockerEngine, EngineEvent, EngineNotice } from '@routed/docker-engine';
import type { Connections } from '@routed/netfilter';
import { constants } from 'node:os';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, type Endpoint } from '../endpoints/endpoint.ts';
import type { DriverEvents } from '../ground/events.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import {
  type Announcement,
  type AnnouncementMemory,
  type AnnouncementReason,
  type ContainerCondition,
  decide,
} from './announcement.ts';
import { StopDrains } from './stop-drains.ts';
import type { HostDrain } from '../endpoints/host-drain.ts';

interface AnnouncerDeps {
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'announce' | 'wish' | 'drain'>;
  readonly hostDrain: Pick<HostDrain, 'isDraining' | 'set'>;
  readonly networks: Pick<NetworkRegistry, 'get'>;
  readonly traffic: Pick<UnannouncedTraffic, 'apply'>;
  readonly engine: Pick<DockerEngine, 'events'> & {
    readonly containers: Pick<DockerEngine['containers'], 'list' | 'inspect' | 'kill'>;
  };
  readonly connections: Pick<Connections, 'count'>;
  readonly events: DriverEvents;
  readonly logger: Logger;
}

/** What is known of a container with endpoints of ours. */
interface Known {
  readonly endpointIds: readonly string[];
  readonly condition: ContainerCondition;
  readonly stopSignal: string;
}

const FOLLOWED = {
  type: ['container', 'network'],
  event: ['start', 'kill', 'die', 'pause', 'unpause', 'health_status', 'destroy', 'connect'],
};

/** Signals that end a container whatever its stop signal is. */
const ENDING = ['SIGTERM', 'SIGINT', 'SIGKILL'] as const;

/**
 * Announces endpoints as `routed.announce` says, and withdraws them: as soon as Docker tells that their container starts, becomes
 * healthy, is paused, or is sent the signal that ends it. While Docker does not answer, all stays as it is.
 *
 * Docker is followed only while an endpoint depends on it.
 */
export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #containers = new Map<string, Known>();
  /** The container of each endpoint. */
  readonly #owners = new Map<string, string>();
  /** The endpoints in a container that are not announced, by network. */
  readonly #unannounced = new Map<string, Set<string>>();
  readonly #memories = new Map<string, AnnouncementMemory>();
  readonly #reasons = new Map<string, AnnouncementReason>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #stopDrains: StopDrains;
  readonly #stopping = new AbortController();
  #following: Promise<void> | undefined;
  /** Whether Docker does not answer. */
  #isBlind = false;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
    this.#stopDrains = new StopDrains({ ...deps, containers: deps.engine.containers });
  }

  /** Takes up what the previous run left: before endpoints are compared with the kernel. Never rejects: rounds try again. */
  async start(): Promise<void> {
    this.#deps.events.on('join', (endpointId) => this.#onJoin(endpointId));
    this.#deps.events.on('leave', (endpointId) => this.#onLeave(endpointId));
    for (const endpoint of this.#deps.endpoints.all()) this.#note(endpoint);
    await this.#inTurn(() => this.review());
    await this.#reconsiderAll((endpoint) => this.isDraining(endpoint) || isHeldBack(endpoint));
    this.#followIfNeeded();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopDrains.stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await this.#following;
    await this.#work;
  }

  /** Makes the rules of traffic to unannounced endpoints what they have to be: safe to repeat. @throws NetlinkError */
  async review(): Promise<void> {
    await this.#deps.traffic.apply(this.#prefixes());
  }

  /** Why an endpoint is announced, or is not. */
  reasonOf(endpointId: string): AnnouncementReason {
    const policy = this.#deps.endpoints.get(endpointId)?.announce ?? 'always';
    return this.#reasons.get(endpointId) ?? (policy === 'always' ? 'always' : 'unknown');
  }

  /** What operators should know, for people. */
  problems(): string[] {
    const { endpoints } = this.#deps;
    const found = [...this.#reasons].flatMap(([id, reason]) =>
      (reason === 'no-healthcheck' || reason === 'flapping') && endpoints.get(id) !== undefined
        ? [`endpoint ${id.slice(0, 12)}: ${WARNINGS[reason]}`]
        : [],
    );
    if (!this.#isBlind) return found;
    return [...found, 'Docker does not answer: endpoints with routed.announce stay announced or withdrawn as they are'];
  }

  /** Announces or withdraws an endpoint with `routed.announce=manual`. @throws DriverError ENDPOINT_UNKNOWN */
  async wish(endpointId: string, isWished: boolean): Promise<void> {
    await this.#deps.endpoints.wish(endpointId, isWished);
    await this.#inTurn(() => this.#reconsider(endpointId));
  }

  /** Whether an operator drains the endpoint, or the host. */
  isDraining({ isDraining }: Endpoint): boolean {
    return isDraining === true || this.#deps.hostDrain.isDraining;
  }

  /** Withdraws endpoints whatever `routed.announce` says, or ends that. @throws DriverError ENDPOINT_UNKNOWN */
  async drain(endpointIds: readonly string[], isDraining: boolean): Promise<void> {
    for (const endpointId of endpointIds) await this.#deps.endpoints.drain(endpointId, isDraining);
    await this.#reconsiderAll(({ id }) => endpointIds.includes(id));
  }

  /** Withdraws all endpoints, also those that join from now on; or ends every drain, also those of single endpoints. */
  async drainHost(isDraining: boolean): Promise<void> {
    await this.#deps.hostDrain.set(isDraining);
    const single = isDraining ? [] : this.#deps.endpoints.all().filter((endpoint) => endpoint.isDraining === true);
    for (const { id } of single) await this.#deps.endpoints.drain(id, false);
    await this.#reconsiderAll(() => true);
  }

  async #reconsiderAll(isMeant: (endpoint: Endpoint) => boolean): Promise<void> {
    for (const endpoint of this.#deps.endpoints.all()) {
      if (isMeant(endpoint)) await this.#inTurn(() => this.#reconsider(endpoint.id));
    }
  }

  #onJoin(endpointId: string): void {
    const endpoint = this.#deps.endpoints.get(endpointId);
    if (endpoint === undefined) return;
    if (!depends(endpoint) && !isHeldBack(endpoint) && !this.isDraining(endpoint)) return;
    this.#followIfNeeded();
    void this.#inTurn(async () => {
      await this.#track(endpoint);
      await this.#reconsider(endpointId);
    });
  }

  #onLeave(endpointId: string): void {
    clearTimeout(this.#timers.get(endpointId));
    for (const map of [this.#memories, this.#reasons, this.#timers, this.#owners]) map.delete(endpointId);
    for (const [networkId, endpoints] of this.#unannounced) {
      if (!endpoints.delete(endpointId) || endpoints.size > 0) continue;
      this.#unannounced.delete(networkId);
      void this.#inTurn(() => this.review());
    }
  }

  #followIfNeeded(): void {
    if (this.#stopping.signal.aborted || !this.#deps.endpoints.all().some(depends)) return;
    this.#following ??= this.#follow().catch((error: unknown) => {
      this.#deps.logger.error({ err: error }, 'Docker events cannot be followed: announcements stay as they are');
    });
  }

  async #follow(): Promise<void> {
    const { engine } = this.#deps;
    for await (const notice of engine.events({ filters: FOLLOWED, signal: this.#stopping.signal })) {
      await this.#inTurn(() => this.#onNotice(notice));
    }
  }

  /** One after another, as Docker tells it. Never rejects. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      this.#deps.logger.error({ err: error }, 'an announcement could not be changed; the next event tries again');
    });
    return this.#work;
  }

  async #onNotice(notice: EngineNotice): Promise<void> {
    this.#isBlind = notice.kind === 'disconnected';
    if (notice.kind === 'resync') await this.#resync();
    else if (notice.kind === 'event') await this.#onEvent(notice.event);
  }

  async #resync(): Promise<void> {
    const { containers } = this.#deps.engine;
    const ours = new Set(
      this.#deps.endpoints
        .all()
        .filter(depends)
        .map(({ id }) => id),
    );
    for (const { id, networks } of await containers.list()) {
      if (networks.some(({ endpointId }) => ours.has(endpointId))) await this.#look(id);
    }
  }

  async #onEvent({ type, action, detail, id, attributes }: EngineEvent): Promise<void> {
    if (type === 'network') {
      if (action === 'connect' && attributes['container'] !== undefined) await this.#look(attributes['container']);
      return;
    }
    if (action === 'start' || action === 'die') this.#stopDrains.cancel(id);
    if (action === 'start') await this.#look(id);
    const known = this.#containers.get(id);
    if (known === undefined) return;
    if (action === 'destroy') {
      this.#containers.delete(id);
      return;
    }
    const condition = changed(known, { action, detail, signal: attributes['signal'] });
    if (condition !== known.condition) await this.#set(id, { ...known, condition });
    if (action === 'kill' && !isSignal(attributes['signal'], ENDING))
      this.#beginStopDrain(id, known, attributes['signal']);
  }

  /** Drains a container that was sent its own stop signal, if that ends nothing and an endpoint has `routed.drain`. */
  #beginStopDrain(containerId: string, { endpointIds, stopSignal }: Known, signal: string | undefined): void {
    if (!isSignal(signal, [stopSignal])) return;
    const endpoints = endpointIds.flatMap((id) => this.#deps.endpoints.get(id) ?? []);
    const drainMs = Math.max(0, ...endpoints.map((endpoint) => endpoint.drainMs ?? 0));
    const drainSignal = endpoints.find((endpoint) => endpoint.drainMs !== undefined)?.drainSignal ?? 'SIGTERM';
    if (drainMs === 0) return;
    this.#stopDrains.begin(containerId, { addresses: endpoints.flatMap(addressTexts), drainMs, signal: drainSignal });
  }

  /** Asks Docker for a container, if it may have endpoints of ours. */
  async #look(containerId: string): Promise<void> {
    const details = await this.#deps.engine.containers.inspect(containerId, this.#stopping.signal);
    if (details === undefined) return;
    const endpointIds = details.networks.flatMap(({ endpointId }) =>
      this.#deps.endpoints.get(endpointId) === undefined ? [] : [endpointId],
    );
    if (endpointIds.length === 0) return;
    await this.#set(details.id, { endpointIds, condition: conditionOf(details), stopSignal: details.stopSignal });
  }

  async #set(containerId: string, known: Known): Promise<void> {
    this.#containers.set(containerId, known);
    for (const endpointId of known.endpointIds) this.#owners.set(endpointId, containerId);
    for (const endpointId of known.endpointIds) await this.#reconsider(endpointId);
  }

  async #reconsider(endpointId: string): Promise<void> {
    const endpoint = this.#deps.endpoints.get(endpointId);
    clearTimeout(this.#timers.get(endpointId));
    if (endpoint === undefined) return;
    const memory = this.#memories.get(endpointId) ?? { isAnnounced: endpoint.isAnnounced ?? true, withdrawals: [] };
    const container = this.#containers.get(this.#owners.get(endpointId) ?? '')?.condition;
    const { announce: policy = 'always', announceDelayMs: delayMs = 0, isWished } = endpoint;
    const inputs = {
      policy,
      delayMs,
      isDraining: this.isDraining(endpoint) || (endpoint.drainMs !== undefined && container?.state === 'ending'),
      ...(isWished !== undefined && { isWished }),
      ...(container && { container }),
    };
    const decided = decide(inputs, memory, performance.now());
    this.#memories.set(endpointId, decided.memory);
    this.#tellReason(endpoint, decided.reason);
    this.#lookAgain(endpointId, decided);
    await this.#change(endpoint, decided);
  }

  async #change(endpoint: Endpoint, { isAnnounced, reason }: Announcement): Promise<void> {
    if ((endpoint.isAnnounced ?? true) === isAnnounced) return;
    // The rules are there before the route that needs them, and go after it.
    if (!isAnnounced) await this.#track({ ...endpoint, isAnnounced });
    await this.#deps.endpoints.announce(endpoint.id, isAnnounced, reason);
    if (isAnnounced) await this.#track({ ...endpoint, isAnnounced });
  }

  /** Notes whether an endpoint is announced; the rules follow when that is the first, or was the last, of its network. */
  async #track(endpoint: Endpoint): Promise<void> {
    const hadRules = this.#unannounced.has(endpoint.networkId);
    this.#note(endpoint);
    if (this.#unannounced.has(endpoint.networkId) !== hadRules) await this.review();
  }

  #note({ id, networkId, isAnnounced, sandboxKey }: Endpoint): void {
    const ids = this.#unannounced.get(networkId) ?? new Set();
    if (isAnnounced === false && sandboxKey !== undefined) ids.add(id);
    else ids.delete(id);
    if (ids.size > 0) this.#unannounced.set(networkId, ids);
    else this.#unannounced.delete(networkId);
  }

  #tellReason({ id }: Endpoint, reason: AnnouncementReason): void {
    if (this.#reasons.get(id) === reason) return;
    this.#reasons.set(id, reason);
    if (reason === 'no-healthcheck' || reason === 'flapping') {
      this.#deps.logger.warn({ endpointId: id }, WARNINGS[reason]);
    }
  }

  #lookAgain(endpointId: string, { lookAgainAt }: Announcement): void {
    if (lookAgainAt === undefined) return;
    const again = (): void => void this.#inTurn(() => this.#reconsider(endpointId));
    this.#timers.set(endpointId, setTimeout(again, Math.max(0, lookAgainAt - performance.now()) + 1).unref());
  }

  /** Where the endpoints that are not announced have addresses: the subnets and further prefixes of their networks. */
  #prefixes(): string[] {
    const prefixes = [...this.#unannounced.keys()].flatMap((networkId) => {
      const network = this.#deps.networks.get(networkId);
      return [...(network?.pools ?? []), ...(network?.prefixes ?? [])].map(({ prefix }) => prefix);
    });
    return [...new Set(prefixes)].sort();
  }
}

const WARNINGS = {
  'no-healthcheck':
    'routed.announce=healthy, and the container has no HEALTHCHECK: it is announced while it runs, whatever state it is in',
  flapping:
    'the container changes between healthy and not too often: it stays withdrawn until it has been quiet for a minute',
} as const;

/** Whether Docker decides when it is announced. */
function depends({ announce = 'always', drainMs }: Endpoint): boolean {
  return announce !== 'always' || drainMs !== undefined;
}

/** Whether it was withdrawn, and Docker does not say when that ends. */
function isHeldBack(endpoint: Endpoint): boolean {
  return endpoint.isAnnounced === false && !depends(endpoint);
}

function conditionOf({ status, isRunning, isPaused, health }: ContainerDetails): ContainerCondition {
  const state = isPaused ? 'paused' : isRunning ? 'running' : status === 'created' ? 'created' : 'ending';
  return { state, ...(health !== undefined && { health }) };
}

/** The condition of a container after an event; the same object if it does not change. Pure. */
function changed(
  { condition, stopSignal }: Known,
  { action, detail, signal }: { readonly action: string; readonly detail: string; readonly signal: string | undefined },
): ContainerCondition {
  switch (action) {
    case 'die':
      return { ...condition, state: 'ending' };
    case 'kill':
      return isSignal(signal, [...ENDING, stopSignal]) ? { ...condition, state: 'ending' } : condition;
    case 'pause':
      return { ...condition, state: 'paused' };
    case 'unpause':
      return { ...condition, state: 'running' };
    case 'health_status':
      return detail === 'healthy' || detail === 'unhealthy' || detail === 'starting'
        ? { ...condition, health: detail }
        : condition;
    default:
      return condition;
  }
}

/**
 * Whether it is one of these.
 *
 * @param signal its number, as Docker's event has it
 * @param names with SIG or without, or numbers; empty is none
 */
function isSignal(signal: string | undefined, names: readonly string[]): boolean {
  if (signal === undefined) return false;
  const { signals } = constants;
  return names.some((name) => {
    const full = name.startsWith('SIG') ? name : `SIG${name}`;
    return name === signal || (full in signals && String(signals[full as keyof typeof signals]) === signal);
  });
}
