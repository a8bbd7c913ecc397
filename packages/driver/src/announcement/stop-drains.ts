import type { Logger } from '@routed/datapath';
import type { ContainerControl } from '@routed/docker-engine';
import type { Connections } from '@routed/netfilter';
import { setTimeout as sleep } from 'node:timers/promises';

interface Deps {
  readonly containers: Pick<ContainerControl, 'kill'>;
  readonly connections: Pick<Connections, 'count'>;
  readonly logger: Logger;
}

/** How a container that was told to stop is drained. */
export interface StopDrain {
  readonly addresses: readonly string[];
  /** How long it may take, in milliseconds. */
  readonly drainMs: number;
  /** What ends the container, such as `SIGTERM`. */
  readonly signal: string;
}

const POLL_MS = 1000;

/** Ends containers whose stop signal ends nothing: once their last connection has ended, or their time is over. */
export class StopDrains {
  readonly #deps: Deps;
  readonly #running = new Map<string, AbortController>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Call it once the container is withdrawn. Another call for the same container changes nothing. */
  begin(containerId: string, drain: StopDrain): void {
    if (this.#running.has(containerId)) return;
    const ending = new AbortController();
    this.#running.set(containerId, ending);
    void this.#end(containerId, drain, ending.signal)
      .catch((error: unknown) => {
        if (ending.signal.aborted) return;
        this.#deps.logger.error({ err: error, containerId }, 'a drained container could not be sent its drain signal');
      })
      .finally(() => this.#running.delete(containerId));
  }

  /** The container has ended, or is started again. */
  cancel(containerId: string): void {
    this.#running.get(containerId)?.abort();
  }

  stop(): void {
    for (const ending of this.#running.values()) ending.abort();
  }

  async #end(containerId: string, drain: StopDrain, ending: AbortSignal): Promise<void> {
    await this.#untilEmpty(drain, ending);
    await this.#deps.containers.kill(containerId, drain.signal, ending);
  }

  /** Until two looks in a row find no connection: routers need a moment before they send no new ones. */
  async #untilEmpty({ addresses, drainMs }: StopDrain, ending: AbortSignal): Promise<void> {
    const endsAt = performance.now() + drainMs;
    for (let empty = 0; empty < 2;) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) return;
      empty = (await this.#left(addresses)) === 0 ? empty + 1 : 0;
      if (empty < 2) await sleep(Math.min(POLL_MS, leftMs), undefined, { signal: ending, ref: false });
    }
  }

  /** A kernel that cannot be asked leaves the time to decide. */
  async #left(addresses: readonly string[]): Promise<number> {
    try {
      return [...(await this.#deps.connections.count(addresses)).values()].reduce((sum, count) => sum + count, 0);
    } catch (error) {
      this.#deps.logger.warn(
        { err: error },
        'connections cannot be counted: the whole time of routed.drain is waited for',
      );
      return Number.POSITIVE_INFINITY;
    }
  }
}
