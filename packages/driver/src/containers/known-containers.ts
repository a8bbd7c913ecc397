import type { Container, ContainerControl, DockerEngine, EngineNotice } from '@routed/docker-engine';
import type { Logger } from '@routed/datapath';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';

type Docker = Pick<ContainerControl, 'list' | 'owners' | 'inspect' | 'kill' | 'starting'>;

/** Which container an endpoint belongs to: never changes while the endpoint exists. */
interface Place {
  readonly containerId: string;
  readonly networkId: string;
  readonly networkName: string;
}

interface KnownContainersDeps {
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'isJoined'>;
  readonly engineEvents: DockerEngine['events'];
  readonly logger: Logger;
  /** Asks Docker anew for the containers of all endpoints; nobody waits for it. */
  readonly askAgain: () => void;
}

const FOLLOWED = { type: ['container'], event: ['rename', 'destroy'] };

/**
 * The containers that have endpoints here, as Docker has told them, so that it need not be asked again.
 *
 * Their endpoints come and go with Docker's own calls. Only a name may change otherwise, which Docker's events tell before `docker
 * rename` returns. So what is known holds while the events are heard without a gap; otherwise nothing is known, and Docker is asked.
 *
 * Source: moby daemon/rename.go.
 */
export class KnownContainers {
  readonly #deps: KnownContainersDeps;
  readonly #stopping = new AbortController();
  readonly #places = new Map<string, Place>();
  /** The endpoints of each container. */
  readonly #endpointIds = new Map<string, Set<string>>();
  /** Names of containers by id, and the other way round, told since events are heard without a gap. */
  readonly #names = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  /** Names that events told: an answer may be older. */
  readonly #renamed = new Map<string, string>();
  /** Endpoints in sandboxes whose container Docker has not named, and when they joined on `performance.now()`; before this process: never. */
  readonly #unnamed = new Map<string, number>();
  #following: Promise<void> | undefined;
  #isHearing = false;
  /** Counts the gaps in the events: what was asked before one says nothing about names after it. */
  #epoch = 0;

  constructor(deps: KnownContainersDeps) {
    this.#deps = deps;
  }

  /** Takes the endpoints into account that joined before this process started. */
  start(): void {
    for (const { id, sandboxKey } of this.#deps.endpoints.all()) if (sandboxKey !== undefined) this.#add(id, -Infinity);
  }

  onJoin(endpointId: string): void {
    this.#add(endpointId, performance.now());
  }

  onLeave(endpointId: string): void {
    this.#unnamed.delete(endpointId);
    const { containerId } = this.#places.get(endpointId) ?? {};
    if (containerId === undefined) return;
    this.#places.delete(endpointId);
    const others = this.#endpointIds.get(containerId);
    others?.delete(endpointId);
    if (others?.size !== 0) return;
    this.#endpointIds.delete(containerId);
    this.#forgetName(containerId);
  }

  /**
   * Endpoints of a network that joined their sandboxes in the last `withinMs`, and whose container Docker has not named: it may yet, as that
   * takes a while on a busy host.
   */
  unnamed(networkId: string, withinMs: number): string[] {
    const since = performance.now() - withinMs;
    return [...this.#unnamed]
      .filter(([id, joinedAtMs]) => joinedAtMs >= since && this.#deps.endpoints.get(id)?.networkId === networkId)
      .map(([id]) => id);
  }

  /** Asks Docker no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /**
   * The running container of this name, with all networks of ours that it is on.
   *
   * @returns undefined: Docker has to be asked. There is none, or one that does not run; events were missed; or some endpoint's container is
   * not known yet, which may be this one
   */
  find(name: string): Container | undefined {
    if (!this.#isHearing || this.#unnamed.size > 0) return undefined;
    const id = this.#ids.get(name);
    if (id === undefined) return undefined;
    const networks = [...(this.#endpointIds.get(id) ?? [])].flatMap((endpointId) => {
      const place = this.#places.get(endpointId);
      if (place === undefined || !this.#deps.endpoints.isJoined(endpointId)) return [];
      return [{ networkId: place.networkId, networkName: place.networkName, endpointId }];
    });
    return networks.length === 0 ? undefined : { id, name, networks };
  }

  /** Docker, with what it says of containers noted. */
  noting(docker: Docker): Docker {
    return {
      list: async (name) => {
        const epoch = this.#epoch;
        const containers = await docker.list(name);
        for (const container of containers) this.#noteContainer(container, epoch);
        return containers;
      },
      owners: async (networkId) => {
        const epoch = this.#epoch;
        const owners = await docker.owners(networkId);
        for (const [endpointId, { id, name, network: networkName }] of owners)
          this.#noteContainer({ id, name, networks: [{ networkId, networkName, endpointId }] }, epoch);
        return owners;
      },
      inspect: (id, signal) => docker.inspect(id, signal),
      starting: (question) => docker.starting(question),
      kill: (id, signalName, signal) => docker.kill(id, signalName, signal),
    };
  }

  #add(endpointId: string, joinedAtMs: number): void {
    if (!this.#places.has(endpointId)) this.#unnamed.set(endpointId, joinedAtMs);
  }

  #noteContainer({ id, name, networks }: Container, epoch: number): void {
    for (const { endpointId, networkId, networkName } of networks) {
      if (!this.#deps.endpoints.isJoined(endpointId)) continue;
      this.#unnamed.delete(endpointId);
      this.#places.set(endpointId, { containerId: id, networkId, networkName });
      this.#endpointIds.set(id, (this.#endpointIds.get(id) ?? new Set()).add(endpointId));
      this.#follow();
    }
    if (epoch === this.#epoch && this.#endpointIds.has(id)) this.#setName(id, this.#renamed.get(id) ?? name);
  }

  #setName(containerId: string, name: string): void {
    this.#forgetName(containerId);
    this.#names.set(containerId, name);
    this.#ids.set(name, containerId);
  }

  #forgetName(containerId: string): void {
    const name = this.#names.get(containerId);
    this.#names.delete(containerId);
    if (name !== undefined && this.#ids.get(name) === containerId) this.#ids.delete(name);
  }

  #follow(): void {
    if (this.#stopping.signal.aborted) return;
    this.#following ??= this.#hear().catch((error: unknown) => {
      this.#isHearing = false;
      this.#deps.logger.error({ err: error }, 'Docker events cannot be followed: Docker is asked for each name');
    });
  }

  async #hear(): Promise<void> {
    const { engineEvents } = this.#deps;
    for await (const notice of engineEvents({ filters: FOLLOWED, signal: this.#stopping.signal })) this.#take(notice);
  }

  #take(notice: EngineNotice): void {
    this.#isHearing = notice.kind !== 'disconnected';
    if (notice.kind === 'resync') this.#beginAnew();
    if (notice.kind !== 'event') return;
    const { action, id, attributes } = notice.event;
    if (action === 'destroy') this.#renamed.delete(id);
    const name = attributes['name'];
    if (action !== 'rename' || name === undefined) return;
    this.#renamed.set(id, name);
    if (this.#endpointIds.has(id)) this.#setName(id, name);
  }

  /** A name may have changed unheard. */
  #beginAnew(): void {
    this.#epoch++;
    this.#names.clear();
    this.#ids.clear();
    this.#renamed.clear();
    if (this.#endpointIds.size > 0) this.#deps.askAgain();
  }
}
