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
const PAUSE_MS = 1_000;
/** Doubled each time that Docker does not answer, up to this many times as long. */
const LONGEST_PAUSES = 8;

/** What is missing in an answer of Docker's. */
interface Missing {
  readonly endpoints: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
}

interface DockerRemovalsDeps {
  readonly docker: Pick<DockerNetworks, 'networks' | 'endpointsOf'>;
  readonly rtnl: Pick<Rtnl, 'links'>;
  readonly networks: Pick<NetworkRegistry, 'all' | 'get'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'leave'>;
  readonly leases: Pick<DockerLeases, 'freeIfGone'>;
  readonly forgottenNetworks: Pick<StaleNetworks, 'delete'>;
  readonly logger: Logger;
  /** @defaultValue 1 s */
  readonly pauseMs?: number;
}

/**
 * Frees what Docker removed while the daemon was away, which it never says again: it is asked twice when the daemon has
 * started, and what it knows in neither answer is gone. Of an endpoint the kernel must say so as well: the container's end
 * of its link is on the host, without carrier, or no more. So a Docker that is not the one we serve costs no running
 * container its address.
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
    const joined = deps.endpoints.all().filter(({ sandboxKey }) => sandboxKey !== undefined);
    this.#loaded = {
      endpoints: new Map(joined.map((endpoint) => [endpoint.id, endpoint])),
      // One that Docker may not have heard of is in nobody's way, and Docker may be asking for it again.
      networks: new Set(deps.networks.all().filter(({ isUnanswered }) => isUnanswered !== true)),
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
    const first = await this.#untilAnswered();
    if (first.endpoints.size + first.networks.size === 0) return;
    await this.#pause(1);
    const second = await this.#untilAnswered();
    for (const endpointId of second.endpoints)
      if (first.endpoints.has(endpointId)) await this.#freeEndpoint(endpointId);
    for (const networkId of second.networks) if (first.networks.has(networkId)) await this.#freeNetwork(networkId);
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
    if (idle.size + suspects.length === 0) return { endpoints: new Set(), networks: new Set() };
    const known = new Set((await docker.networks(signal)).map(({ id }) => id));
    const missing = new Set<string>();
    for (const [networkId, endpointIds] of idle) {
      const has = known.has(networkId) ? await docker.endpointsOf(networkId, signal) : new Set<string>();
      for (const endpointId of endpointIds) if (!has.has(endpointId)) missing.add(endpointId);
    }
    return {
      endpoints: missing,
      networks: new Set(suspects.map(({ id }) => id).filter((id) => !known.has(id))),
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
