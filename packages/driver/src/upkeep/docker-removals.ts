import { isDockerError } from '@routed/docker-engine';
import type { DockerNetworks } from '@routed/docker-engine';
import { HostLinks, type Logger } from '@routed/datapath';
import type { Rtnl } from '@routed/netns';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { DockerLeases } from '../calls/docker-leases.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Network } from '../networks/network.ts';
import { isInUse } from '../endpoints/absence.ts';
import type { StaleNetworks } from './stale-networks.ts';

/**
 * Between the two questions: what Docker is about to make shows in the second answer. Also how long Docker is left alone
 * at first when it did not answer: it may be starting.
 */
export const PAUSE_MS = 500;
/** Doubled each time that Docker does not answer, or has the endpoint still, up to this many times as long. */
const LONGEST_PAUSES = 16;
/** How many answers Docker gives of endpoints that it may be deleting: for most of a minute. Later ones, time frees. */
const MOST_ANSWERS = 10;
/** In how many answers in a row something is missing that is gone. */
const GONE_ANSWERS = 2;
/** The same for a network that Docker may not have heard of yet: seconds, where it takes milliseconds to note what it was answered. */
const UNANSWERED_ANSWERS = 4;

/** What is missing in an answer of Docker's. */
interface Missing {
  readonly endpoints: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  /** Whether there are endpoints that no container uses. */
  readonly hasUnused: boolean;
}

interface DockerRemovalsDeps {
  readonly docker: Pick<DockerNetworks, 'networks' | 'endpointsOf'>;
  readonly rtnl: Pick<Rtnl, 'links'>;
  readonly networks: Pick<NetworkRegistry, 'all' | 'get'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'leave'>;
  readonly leases: Pick<DockerLeases, 'freeIfGone'>;
  readonly forgottenNetworks: Pick<StaleNetworks, 'delete'>;
  readonly logger: Logger;
  /** @defaultValue 0.5 s */
  readonly pauseMs?: number;
}

/**
 * Frees what Docker removed while the daemon was away, which it never says again: it is asked when the daemon has started,
 * and what is missing in two answers is gone. Of an endpoint the kernel must say so as well: the container's end of its link is
 * on the host, without carrier, or no more. So a Docker that is not the one we serve costs no running container its address.
 *
 * A network whose creation the end of the previous run cut off is gone when Docker has not listed it for some seconds.
 *
 * Docker may be removing an endpoint at that moment, and repeats a call that failed without what it was about (moby's
 * pkg/plugins: the body is read). So it is asked on, for about a minute, while it has an endpoint that the kernel has not.
 *
 * Only what the previous run of the daemon left, and no call has touched since, is looked at.
 */
export class DockerRemovals {
  readonly #deps: DockerRemovalsDeps;
  readonly #stopping = new AbortController();
  /** Records as they were loaded, by id: each change makes a new one. */
  readonly #loaded: { readonly endpoints: ReadonlyMap<string, Endpoint>; readonly networks: ReadonlySet<Network> };
  #running: Promise<void> = Promise.resolve();

  /** To be made when the records have been loaded, and before calls are answered. */
  constructor(deps: DockerRemovalsDeps) {
    this.#deps = deps;
    this.#loaded = {
      // One in no sandbox, Docker may be about to join: it lists it by then, and joins it sooner than it is asked twice.
      endpoints: new Map(deps.endpoints.all().map((endpoint) => [endpoint.id, endpoint])),
      networks: new Set(deps.networks.all()),
    };
  }

  /** Begins. Fulfilled in the end; no call may wait for it, since Docker may be waiting for us. */
  async start(): Promise<void> {
    this.#running = this.#free().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      this.#deps.logger.error({ err: error }, 'could not free what Docker removed; retrying after a grace period');
    });
    await this.#running;
  }

  /** Asks Docker no more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #free(): Promise<void> {
    let before = await this.#untilAnswered();
    const missing = new Map([...before.networks].map((networkId) => [networkId, 1]));
    for (let answers = 1; answers < MOST_ANSWERS; answers++) {
      if (!before.hasUnused && before.networks.size === 0) return;
      await this.#pause(Math.min(2 ** (answers - 1), LONGEST_PAUSES));
      const now = await this.#untilAnswered();
      for (const endpointId of now.endpoints)
        if (before.endpoints.has(endpointId)) await this.#freeEndpoint(endpointId);
      for (const networkId of missing.keys()) if (!now.networks.has(networkId)) missing.delete(networkId);
      for (const networkId of now.networks) {
        const count = (missing.get(networkId) ?? 0) + 1;
        missing.set(networkId, count);
        if (count >= this.#answersUntilGone(networkId)) await this.#freeNetwork(networkId);
      }
      before = now;
    }
  }

  #answersUntilGone(networkId: string): number {
    return this.#deps.networks.get(networkId)?.isUnanswered === true ? UNANSWERED_ANSWERS : GONE_ANSWERS;
  }

  async #untilAnswered(): Promise<Missing> {
    for (let pauses = 1; ; pauses = Math.min(2 * pauses, LONGEST_PAUSES)) {
      try {
        return await this.#ask();
      } catch (error) {
        if (!isDockerError(error)) throw error;
        this.#deps.logger.debug({ err: error }, 'Docker did not report what it removed while routed-plugin was down');
      }
      await this.#pause(pauses);
    }
  }

  async #pause(count: number): Promise<void> {
    await sleep(count * (this.#deps.pauseMs ?? PAUSE_MS), undefined, { ref: false, signal: this.#stopping.signal });
  }

  async #ask(): Promise<Missing> {
    const { docker, networks } = this.#deps;
    const { signal } = this.#stopping;
    const idle = await this.#unusedEndpoints();
    const suspects = networks.all().filter((network) => this.#loaded.networks.has(network));
    if (idle.size + suspects.length === 0) return { endpoints: new Set(), networks: new Set(), hasUnused: false };
    const known = new Set((await docker.networks(signal)).map(({ id }) => id));
    const missing = new Set<string>();
    for (const [networkId, endpointIds] of idle) {
      const has = known.has(networkId) ? await docker.endpointsOf(networkId, signal) : new Set<string>();
      for (const endpointId of endpointIds) if (!has.has(endpointId)) missing.add(endpointId);
    }
    return {
      endpoints: missing,
      networks: new Set(suspects.map(({ id }) => id).filter((id) => !known.has(id))),
      hasUnused: idle.size > 0,
    };
  }

  /** The endpoints that no container uses, as far as the kernel says, by network. */
  async #unusedEndpoints(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { endpoints, rtnl } = this.#deps;
    const found = new Map<string, string[]>();
    const suspects = endpoints.all().filter((endpoint) => this.#isAsLoaded(endpoint));
    if (suspects.length === 0) return found;
    const links = new HostLinks(await rtnl.links.list({ kind: 'veth' }));
    for (const { id, networkId } of suspects) {
      const link = links.of(id);
      if (link !== undefined && isInUse(link)) continue;
      found.set(networkId, [...(found.get(networkId) ?? []), id]);
    }
    return found;
  }

  /** Whether no call has touched it; that it lost its sandbox with its link is no call. */
  #isAsLoaded(endpoint: Endpoint): boolean {
    const loaded = this.#loaded.endpoints.get(endpoint.id);
    const { sandboxKey } = endpoint;
    return loaded !== undefined && (sandboxKey === undefined || sandboxKey === loaded.sandboxKey);
  }

  async #freeEndpoint(endpointId: string): Promise<void> {
    const { endpoints, leases, logger } = this.#deps;
    const why = 'Docker removed its container while routed-plugin was down';
    logger.info({ endpointId }, `freeing an endpoint: ${why}`);
    await endpoints.leave(endpointId);
    await leases.freeIfGone(endpointId, 0, why);
  }

  async #freeNetwork(networkId: string): Promise<void> {
    const { endpoints, networks, forgottenNetworks, logger } = this.#deps;
    const network = networks.get(networkId);
    const isUsed = endpoints.all().some((endpoint) => endpoint.networkId === networkId);
    if (network === undefined || !this.#loaded.networks.has(network) || isUsed) return;
    logger.warn({ networkId }, 'deleting a network that Docker removed while routed-plugin was down');
    await forgottenNetworks.delete(network);
  }
}
