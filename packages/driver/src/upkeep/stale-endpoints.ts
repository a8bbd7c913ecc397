import { endpointOfAlias, type Logger } from '@routed/datapath';
import type { Link } from '@routed/netns';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { DockerLeases } from '../calls/docker-leases.ts';
import { GracePeriod } from '../ground/grace-period.ts';

/** How long something must look forgotten, in at least two rounds, before it is freed. */
const GRACE_MS = 60_000;

/** The same for a container that may be starting still: an engine under load takes its time between Join and the move. */
const START_GRACE_MS = 120_000;

/** What was freed since the start of this process. */
export interface StaleCounts {
  /** Endpoints that no Leave came for: their container's end of the link was back on the host. */
  readonly left: number;
  /** Endpoints that no DeleteEndpoint came for. */
  readonly endpoints: number;
  /** Leases that no ReleaseAddress came for. */
  readonly leases: number;
}

interface StaleEndpointsDeps {
  readonly endpoints: Pick<EndpointLifecycle, 'idleFor' | 'leave' | 'isJoined'>;
  readonly leases: Pick<DockerLeases, 'freeIfGone' | 'freeLoose'>;
  readonly logger: Logger;
}

/**
 * Frees what Docker forgot, which it does when it is killed or does not reach us: errors of these calls it only logs.
 *
 * The kernel alone says so, and time: a container that runs has its end of the link in its own namespace, and Docker
 * takes no longer than seconds from one call to the next. Works without access to Docker.
 */
export class StaleEndpoints {
  readonly #deps: StaleEndpointsDeps;
  /** Endpoints whose container's end of the link is on the host. */
  readonly #atHome = new GracePeriod();
  #counts: StaleCounts = { left: 0, endpoints: 0, leases: 0 };

  constructor(deps: StaleEndpointsDeps) {
    this.#deps = deps;
  }

  get counts(): StaleCounts {
    return this.#counts;
  }

  /** Looks for container ends that are on the host: before Docker has moved them, or after it has moved them back. */
  survey(links: readonly Link[]): void {
    const atHome = new Set<string>();
    for (const { alias, peerNetnsId } of links) {
      const endpointId = endpointOfAlias(alias);
      if (endpointId !== undefined && peerNetnsId === undefined) atHome.add(endpointId);
    }
    this.#atHome.retain(atHome);
  }

  /** Frees what has looked forgotten for long enough. */
  async sweep(): Promise<void> {
    const left = await this.#leaveForgotten();
    let endpoints = 0;
    let leases = 0;
    for (const endpointId of this.#deps.endpoints.idleFor(GRACE_MS)) {
      const freed = await this.#deps.leases.freeIfGone(
        endpointId,
        GRACE_MS,
        'stale: Docker does not know its container',
      );
      if (freed === undefined) continue;
      this.#deps.logger.warn({ endpointId }, 'deleted a stale endpoint');
      endpoints++;
      leases += freed;
    }
    leases += await this.#deps.leases.freeLoose(GRACE_MS);
    const { counts } = this;
    this.#counts = {
      left: counts.left + left,
      endpoints: counts.endpoints + endpoints,
      leases: counts.leases + leases,
    };
  }

  async #leaveForgotten(): Promise<number> {
    let count = 0;
    for (const endpointId of this.#atHome.over(START_GRACE_MS)) {
      if (!this.#deps.endpoints.isJoined(endpointId)) continue;
      this.#deps.logger.warn({ endpointId }, 'withdrawing an endpoint that has left its container');
      await this.#deps.endpoints.leave(endpointId);
      this.#atHome.forget(endpointId);
      count++;
    }
    return count;
  }
}
