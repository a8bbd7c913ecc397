import type { Logger } from '@routed/datapath';
import type { ContainerControl } from '@routed/docker-engine';
import type { Connections } from '@routed/netfilter';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, type Endpoint } from '../endpoints/endpoint.ts';
import type { Journal } from '../ground/journal.ts';
import type { DrainCounters } from './drain-counters.ts';
import { untilEmpty } from './until-empty.ts';

interface Deps {
  readonly containers: Pick<ContainerControl, 'kill'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'amend'>;
  readonly connections: Pick<Connections, 'count'>;
  readonly counts: Pick<DrainCounters, 'stop'>;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * Ends containers whose stop signal ends nothing: once their last connection has ended, or their time is over. The records of their
 * endpoints say so, for the next run of the daemon.
 */
export class StopDrains {
  readonly #deps: Deps;
  readonly #running = new Map<string, AbortController>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Notes that a container was sent its stop signal, with the endpoints that have `routed.drain`: before they are withdrawn.
   *
   * @param atMs when that was, in milliseconds since 1970
   */
  async note(endpointIds: readonly string[], atMs: number): Promise<void> {
    const told = this.#endpointsOf(endpointIds).filter(({ drainMs = 0, stopDrain }) => drainMs > 0 && !stopDrain);
    for (const { id, drainMs = 0 } of told) {
      await this.#deps.endpoints.amend(id, { stopDrain: { until: atMs + drainMs, isSignalSent: false } });
    }
    const [first] = told;
    if (first === undefined) return;
    this.#deps.counts.stop.begun++;
    const seconds = Math.max(...told.map(({ drainMs = 0 }) => drainMs)) / 1000;
    const what = `it is sent ${first.drainSignal ?? 'SIGTERM'} once no connection is left, within ${seconds} s`;
    this.#note(endpointIds, `its container was told to stop: ${what}`);
  }

  /** Waits, and ends the container, if a note of it says so. Another call for the same container changes nothing. */
  begin(containerId: string, endpointIds: readonly string[]): void {
    if (this.#running.has(containerId) || this.#due(endpointIds).length === 0) return;
    const ending = new AbortController();
    this.#running.set(containerId, ending);
    void this.#end(containerId, endpointIds, ending.signal)
      .catch((error: unknown) => {
        if (ending.signal.aborted) return;
        const again = 'it is tried again when Docker answers';
        this.#deps.logger.error(
          { err: error, containerId },
          `a drained container was not sent its drain signal; ${again}`,
        );
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

  async #end(containerId: string, endpointIds: readonly string[], ending: AbortSignal): Promise<void> {
    const endpoints = this.#endpointsOf(endpointIds);
    const longestMs = Math.max(...endpoints.map(({ drainMs = 0 }) => drainMs));
    const until = Math.max(...endpoints.map(({ stopDrain }) => stopDrain?.until ?? 0));
    // The clock may have been set meanwhile.
    const timeMs = Math.min(Math.max(0, until - Date.now()), longestMs);
    const addresses = endpoints.flatMap(addressTexts);
    let left = 0;
    const look = async (): Promise<number> => (left = await this.#left(addresses));
    await untilEmpty(look, { timeMs, signal: ending }).catch((error: unknown) => {
      this.#deps.counts.stop.ended++;
      throw error;
    });
    const due = this.#due(endpointIds);
    // It has left its networks: what runs under this name now was not told to stop.
    if (due.length === 0) return;
    this.#deps.counts.stop[left === 0 ? 'empty' : 'timeOver']++;
    const signal = due[0]?.drainSignal ?? 'SIGTERM';
    const why = left === 0 ? 'no connection is left' : `the time of routed.drain is over, ${left} connections are left`;
    this.#note(endpointIds, `${why}: ${signal} is sent`);
    await this.#deps.containers.kill(containerId, signal, ending);
    for (const { id, stopDrain } of due) {
      if (stopDrain !== undefined)
        await this.#deps.endpoints.amend(id, { stopDrain: { ...stopDrain, isSignalSent: true } });
    }
  }

  #note(endpointIds: readonly string[], detail: string): void {
    for (const endpoint of this.#endpointsOf(endpointIds)) {
      const addresses = addressTexts(endpoint);
      this.#deps.journal.record({ kind: 'drained', addresses, endpointId: endpoint.id, detail });
    }
  }

  #due(endpointIds: readonly string[]): Endpoint[] {
    return this.#endpointsOf(endpointIds).filter(({ stopDrain }) => stopDrain?.isSignalSent === false);
  }

  #endpointsOf(endpointIds: readonly string[]): Endpoint[] {
    return endpointIds.flatMap((id) => this.#deps.endpoints.get(id) ?? []);
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
