import type { DockerContainers } from '@routed/docker-engine';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@routed/datapath';

/** The pauses between questions to Docker, in milliseconds; the last one again and again. */
const PAUSES_MS = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] as const;

/** An endpoint that is searched for. */
interface Wanted {
  readonly sinceMs: number;
  readonly found: Promise<void>;
  readonly settle: () => void;
}

/** The search in one network. */
interface NetworkSearch {
  readonly wanted: Map<string, Wanted>;
  /** How many times Docker was asked since the last endpoint came. */
  attempt: number;
  /** Ends a pause. */
  wake: AbortController;
}

/** What is still not known, and why. */
export interface UnknownOwner {
  readonly endpointId: string;
  /** How long it has been asked for. */
  readonly forMs: number;
  readonly reason: string;
}

/**
 * Learns from Docker which container has an endpoint: asks about a network until it is said of all endpoints that are wanted there,
 * one question at a time for all of them.
 */
export class OwnerSearch {
  readonly #docker: Pick<DockerContainers, 'owners'>;
  readonly #isWanted: (endpointId: string) => boolean;
  readonly #onFound: (endpointId: string, containerId: string) => Promise<void>;
  readonly #logger: Logger;
  readonly #searches = new Map<string, NetworkSearch>();
  readonly #reasons = new Map<string, string>();
  #isStopped = false;

  constructor(deps: {
    readonly docker: Pick<DockerContainers, 'owners'>;
    /** Whether the endpoint is there still. */
    readonly isWanted: (endpointId: string) => boolean;
    /** Told of each owner; when it rejects, it is told again. */
    readonly onFound: (endpointId: string, containerId: string) => Promise<void>;
    readonly logger: Logger;
  }) {
    this.#docker = deps.docker;
    this.#isWanted = deps.isWanted;
    this.#onFound = deps.onFound;
    this.#logger = deps.logger;
  }

  /** Begins to ask whose an endpoint is, until that is known or the endpoint is gone. Nobody waits for it. */
  start(endpointId: string, networkId: string): void {
    if (this.#isStopped) return;
    const known = this.#searches.get(networkId);
    const search = known ?? { wanted: new Map<string, Wanted>(), attempt: 0, wake: new AbortController() };
    search.attempt = 0;
    search.wake.abort();
    if (!search.wanted.has(endpointId)) search.wanted.set(endpointId, newlyWanted());
    if (known !== undefined) return;
    this.#searches.set(networkId, search);
    void this.#run(networkId, search);
  }

  /** Waits until it is known whose an endpoint is, or that it is gone; at once for one that nobody asks for. */
  async found(endpointId: string, limitMs: number): Promise<void> {
    const wanted = [...this.#searches.values()].map((search) => search.wanted.get(endpointId)).find((one) => one);
    if (wanted === undefined) return;
    const limit = new AbortController();
    const isOver = sleep(limitMs, undefined, { ref: false, signal: limit.signal }).catch(() => undefined);
    await Promise.race([wanted.found, isOver]);
    limit.abort();
  }

  /** What has been asked for so long without an answer. */
  unknownFor(ms: number): UnknownOwner[] {
    const now = performance.now();
    return [...this.#searches].flatMap(([networkId, { wanted }]) =>
      [...wanted]
        .map(([endpointId, { sinceMs }]) => ({
          endpointId,
          forMs: now - sinceMs,
          reason: this.#reasons.get(networkId) ?? '',
        }))
        .filter(({ forMs }) => forMs >= ms),
    );
  }

  /** Asks no more. */
  stop(): void {
    this.#isStopped = true;
    for (const { wake } of this.#searches.values()) wake.abort();
  }

  async #run(networkId: string, search: NetworkSearch): Promise<void> {
    while (!this.#isStopped) {
      // Docker waits for the answer to Join; what it asked for comes first.
      await new Promise((resolve) => setImmediate(resolve));
      const pauseMs = PAUSES_MS[Math.min(search.attempt, PAUSES_MS.length - 1)];
      search.attempt++;
      search.wake = new AbortController();
      await this.#ask(networkId, search);
      if (search.wanted.size === 0) break;
      await sleep(pauseMs, undefined, { ref: false, signal: search.wake.signal }).catch(() => undefined);
    }
    this.#searches.delete(networkId);
    this.#reasons.delete(networkId);
  }

  async #ask(networkId: string, { wanted }: NetworkSearch): Promise<void> {
    for (const endpointId of wanted.keys()) if (!this.#isWanted(endpointId)) settle(wanted, endpointId);
    if (wanted.size === 0) return;
    try {
      const owners = await this.#docker.owners(networkId);
      this.#reasons.set(networkId, 'Docker knows no container for it');
      for (const endpointId of [...wanted.keys()]) await this.#tell(wanted, endpointId, owners.get(endpointId)?.id);
    } catch (error) {
      this.#reasons.set(networkId, (error as Error).message);
      this.#logger.debug({ networkId, err: error }, 'containers of the endpoints are not known yet');
    }
  }

  async #tell(wanted: Map<string, Wanted>, endpointId: string, containerId: string | undefined): Promise<void> {
    if (containerId === undefined) return;
    try {
      await this.#onFound(endpointId, containerId);
      settle(wanted, endpointId);
    } catch (error) {
      this.#logger.warn(
        { endpointId, err: error },
        'could not restore operator-assigned addresses and filters; retrying',
      );
    }
  }
}

function newlyWanted(): Wanted {
  let settle = (): void => undefined;
  const found = new Promise<void>((resolve) => (settle = resolve));
  return { sinceMs: performance.now(), found, settle: () => settle() };
}

function settle(wanted: Map<string, Wanted>, endpointId: string): void {
  wanted.get(endpointId)?.settle();
  wanted.delete(endpointId);
}
