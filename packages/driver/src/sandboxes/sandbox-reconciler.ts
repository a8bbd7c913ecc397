import { linkNames, type Logger, type OpenSandbox, type SandboxEndpoint, reconcileSandbox } from '@routed/datapath';
import { isNetnsError, type Rtnl } from '@routed/netns';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Journal } from '../ground/journal.ts';
import type { JournalKind } from '../ground/journal-entry.ts';
import { DriverError } from '../ground/errors.ts';

/** How long one visit waits for Docker, and the pauses between visits that failed. */
const VISIT_MS = 10_000;
const PAUSES_MS = [20, 100, 500, 2_000, 5_000] as const;

/** How long a call of Docker may be kept waiting for a visit. */
const SETTLE_MS = 1_000;

/** How an endpoint's part of its sandbox is: `failed` says why. */
export type SandboxStatus =
  { readonly state: 'pending' } | { readonly state: 'done' } | { readonly state: 'failed'; readonly reason: string };

/** A visit that begins when the one under way has ended, and what has to be done before it changes anything. */
interface NextVisit {
  readonly done: Promise<void>;
  readonly after: Promise<unknown>[];
}

/**
 * Gives containers what Docker does not: additional addresses, and answers by the right link.
 *
 * Nobody waits for it except who asks to. One visit at a time in a sandbox, several sandboxes at once.
 */
export class SandboxReconciler {
  readonly #endpoints: Pick<EndpointLifecycle, 'endpointsIn' | 'get'>;
  readonly #rtnl: Rtnl;
  readonly #open: OpenSandbox;
  readonly #isThere: (sandboxKey: string) => boolean;
  readonly #journal: Pick<Journal, 'record'>;
  readonly #logger: Logger;
  readonly #visits = new Map<string, { running: Promise<void>; next: NextVisit | undefined }>();
  readonly #statuses = new Map<string, SandboxStatus>();
  readonly #stopping = new AbortController();

  constructor(deps: {
    readonly endpoints: Pick<EndpointLifecycle, 'endpointsIn' | 'get'>;
    readonly rtnl: Rtnl;
    readonly open: OpenSandbox;
    /** Whether there is a sandbox at a path, to be seen from here. */
    readonly isThere: (sandboxKey: string) => boolean;
    readonly journal: Pick<Journal, 'record'>;
    readonly logger: Logger;
  }) {
    this.#endpoints = deps.endpoints;
    this.#rtnl = deps.rtnl;
    this.#open = deps.open;
    this.#isThere = deps.isThere;
    this.#journal = deps.journal;
    this.#logger = deps.logger;
  }

  /** How the endpoint's part of its sandbox is; undefined for one that never needed a visit. */
  statusOf(endpointId: string): SandboxStatus | undefined {
    return this.#statuses.get(endpointId);
  }

  /**
   * Makes the sandbox what its endpoints want it to be, as they are from now on. Many calls at a time, one visit.
   *
   * @param after a change of the endpoints, which the visit takes into account: the sandbox is looked at meanwhile
   * @throws DriverError SANDBOX_UNREACHABLE after several tries; it is in the log and the status as well
   */
  async configure(sandboxKey: string, after: Promise<unknown> = Promise.resolve()): Promise<void> {
    const visits = this.#visits.get(sandboxKey);
    if (visits === undefined) {
      await this.#begin(sandboxKey, [after]);
      return;
    }
    if (visits.next === undefined) {
      const all: Promise<unknown>[] = [];
      const goOn = (): Promise<void> => this.#begin(sandboxKey, all);
      visits.next = { done: visits.running.then(goOn, goOn), after: all };
    }
    visits.next.after.push(after);
    await visits.next.done;
  }

  /** {@link configure} for a caller that does not wait: failures are in the log and the status. */
  request(sandboxKey: string): void {
    this.configure(sandboxKey).catch(() => undefined);
  }

  /**
   * {@link request} for a sandbox that Docker may be about to make: a visit that comes too early would keep the one waiting that is
   * asked for when the link arrives. One that has not been seen by then is visited all the same, which says what is wrong.
   */
  requestOnceThere(sandboxKey: string): void {
    if (this.#isThere(sandboxKey)) {
      this.request(sandboxKey);
      return;
    }
    setTimeout(() => {
      const isWanted = !this.#stopping.signal.aborted && this.#endpoints.endpointsIn(sandboxKey).length > 0;
      if (isWanted) this.request(sandboxKey);
    }, SETTLE_MS).unref();
  }

  /**
   * Waits until the endpoint has its additional addresses, if its sandbox is there already: for a second at most,
   * whatever becomes of the visit.
   */
  async settle(endpointId: string): Promise<void> {
    const endpoint = this.#endpoints.get(endpointId);
    if (endpoint?.sandboxKey === undefined || endpoint.additional.length === 0) return;
    if (this.statusOf(endpointId)?.state === 'done' || !this.#isThere(endpoint.sandboxKey)) return;
    const visit = this.#visits.get(endpoint.sandboxKey)?.running ?? this.configure(endpoint.sandboxKey);
    const limit = new AbortController();
    await Promise.race([
      visit.catch(() => undefined),
      sleep(SETTLE_MS, undefined, { ref: false, signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
  }

  /** Forgets how endpoints were that are no more. */
  prune(): void {
    for (const id of this.#statuses.keys()) if (this.#endpoints.get(id) === undefined) this.#statuses.delete(id);
  }

  /** Starts no more visits and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([...this.#visits.values()].map(({ running }) => running));
  }

  #begin(sandboxKey: string, after: readonly Promise<unknown>[]): Promise<void> {
    const running = this.#run(sandboxKey, Promise.allSettled(after));
    this.#visits.set(sandboxKey, { running, next: undefined });
    return running;
  }

  async #run(sandboxKey: string, after: Promise<unknown>): Promise<void> {
    try {
      if (!this.#stopping.signal.aborted) await this.#tryUntilDone(sandboxKey, after);
    } finally {
      if (this.#visits.get(sandboxKey)?.next === undefined) this.#visits.delete(sandboxKey);
    }
  }

  async #tryUntilDone(sandboxKey: string, after: Promise<unknown>): Promise<void> {
    this.#note(sandboxKey, { state: 'pending' });
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#visit(sandboxKey, after);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted || this.#endpoints.endpointsIn(sandboxKey).length === 0) return;
        const pauseMs = PAUSES_MS[attempt];
        if (pauseMs === undefined) throw this.#giveUp(sandboxKey, error);
        this.#logger.debug({ sandboxKey, err: error, pauseMs }, 'sandbox is not ready; trying again');
        await sleep(pauseMs, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  async #visit(sandboxKey: string, after: Promise<unknown>): Promise<void> {
    const started = performance.now();
    const indexOf = new Map<string, number | undefined>();
    // Looked for while the sandbox is opened; a failure shows when it is looked for again.
    const [view] = await Promise.all([
      this.#open(sandboxKey),
      Promise.allSettled([this.#findLinks(sandboxKey, indexOf)]),
    ]);
    try {
      const until = { deadlineMs: VISIT_MS, signal: this.#stopping.signal };
      const wanted = (): Promise<SandboxEndpoint[]> => this.#endpointsOf(sandboxKey, indexOf, after);
      const { endpointIds, changes } = await reconcileSandbox(view, wanted, until);
      for (const endpointId of endpointIds) this.#statuses.set(endpointId, { state: 'done' });
      if (changes > 0) this.#record('configured', sandboxKey, `${changes} changes in sandbox ${sandboxKey}`);
      for (const [endpointId, linkIndex] of indexOf) if (linkIndex === undefined) this.#noteEnd(endpointId);
      const ms = Math.round((performance.now() - started) * 100) / 100;
      this.#logger.debug({ sandboxKey, changes, ms }, 'sandbox reconciled');
    } finally {
      await view.close();
    }
  }

  /**
   * The endpoints whose link is still there: it goes with the container.
   *
   * @param indexOf what the host has been asked for during this visit: an answer may have to wait for other work
   */
  async #endpointsOf(
    sandboxKey: string,
    indexOf: Map<string, number | undefined>,
    after: Promise<unknown>,
  ): Promise<SandboxEndpoint[]> {
    await after;
    await this.#findLinks(sandboxKey, indexOf);
    const found: SandboxEndpoint[] = [];
    for (const endpoint of this.#endpoints.endpointsIn(sandboxKey)) {
      const hostLinkIndex = indexOf.get(endpoint.id);
      if (hostLinkIndex !== undefined) found.push({ endpoint, hostLinkIndex });
    }
    return found;
  }

  async #findLinks(sandboxKey: string, indexOf: Map<string, number | undefined>): Promise<void> {
    for (const { id } of this.#endpoints.endpointsIn(sandboxKey)) {
      if (indexOf.has(id)) continue;
      const link = await this.#rtnl.links.get({ name: linkNames(id).host });
      indexOf.set(id, link?.index);
    }
  }

  #noteEnd(endpointId: string): void {
    const reason = 'its link is gone: the container has ended';
    this.#statuses.set(endpointId, { state: 'failed', reason });
    this.#logger.info({ endpointId }, `endpoint gets no additional addresses: ${reason}`);
  }

  #giveUp(sandboxKey: string, error: unknown): DriverError {
    const reason = `${(error as Error).message}${remedyFor(error)}`;
    this.#note(sandboxKey, { state: 'failed', reason });
    const message = `sandbox ${sandboxKey} cannot get its additional addresses: ${reason}`;
    this.#record('failed', sandboxKey, reason);
    this.#logger.error({ sandboxKey, err: error }, message);
    return new DriverError('SANDBOX_UNREACHABLE', message, { cause: error });
  }

  #record(kind: JournalKind, sandboxKey: string, detail: string): void {
    for (const { id, additional } of this.#endpoints.endpointsIn(sandboxKey)) {
      const addresses = additional.map(({ address }) => address);
      if (addresses.length > 0) this.#journal.record({ kind, addresses, endpointId: id, detail });
    }
  }

  #note(sandboxKey: string, status: SandboxStatus): void {
    for (const { id } of this.#endpoints.endpointsIn(sandboxKey)) this.#statuses.set(id, status);
  }
}

function remedyFor(error: unknown): string {
  if (!isNetnsError(error, 'NOT_A_NAMESPACE') && !isNetnsError(error, 'NOT_FOUND')) return '';
  return (
    '. Docker mounts container namespaces below /run/docker/netns, and routed-plugin does not see them: run it on ' +
    'the host, or in a container with -v /run/docker/netns:/run/docker/netns:rslave'
  );
}
