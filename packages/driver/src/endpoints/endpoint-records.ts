import type { Repository } from '@routed/store';
import type { Endpoint } from './endpoint.ts';
import { EndpointIndex } from './endpoint-index.ts';
import { SandboxGateways } from './sandbox-gateways.ts';

type Step = () => Promise<unknown>;

/** The record of an endpoint, and what it becomes. */
interface Change {
  readonly before: Endpoint;
  readonly after: Endpoint;
}

/** What is known of endpoints, in memory and in the store. */
export class EndpointRecords {
  readonly #repository: Repository<Endpoint>;
  protected readonly index = new EndpointIndex();
  protected readonly sandboxes = new SandboxGateways();

  constructor(repository: Repository<Endpoint>) {
    this.#repository = repository;
  }

  /** All endpoints, also those that have not joined a sandbox. */
  all(): readonly Endpoint[] {
    return this.index.all();
  }

  /** The endpoint, or undefined when no CreateEndpoint came for it or DeleteEndpoint did. */
  get(endpointId: string): Endpoint | undefined {
    return this.index.get(endpointId);
  }

  /** Whether the endpoint is in a sandbox. */
  isJoined(endpointId: string): boolean {
    return this.index.get(endpointId)?.sandboxKey !== undefined;
  }

  /** The endpoint that a host route leads to. */
  endpointAt(destination: string): string | undefined {
    return this.index.idAt(destination);
  }

  /** The endpoint that has a link of this name, on the host or until Docker moves it. */
  idOfLink(name: string): string | undefined {
    return this.index.idOfLink(name);
  }

  /** The endpoints that are in a sandbox now. */
  endpointsIn(sandboxKey: string): readonly Endpoint[] {
    return this.sandboxes
      .idsIn(sandboxKey)
      .map((endpointId) => this.index.get(endpointId))
      .filter((endpoint) => endpoint?.sandboxKey === sandboxKey) as Endpoint[];
  }

  /** The endpoints that have been in no sandbox for so long. */
  idleFor(ms: number): readonly string[] {
    return this.index.idle.over(ms);
  }

  protected async loadRecords(): Promise<void> {
    for (const endpoint of await this.#repository.load()) {
      this.index.set(endpoint);
      if (endpoint.sandboxKey !== undefined) this.sandboxes.add({ ...endpoint, sandboxKey: endpoint.sandboxKey });
    }
  }

  protected async keep(endpoint: Endpoint): Promise<void> {
    await this.#repository.put(endpoint);
    this.index.set(endpoint);
  }

  protected async forget(endpointId: string): Promise<void> {
    await this.#repository.remove(endpointId);
    this.index.delete(endpointId);
  }

  /**
   * Writes the record while the kernel works. A crash in between leaves a record that the kernel does not agree with,
   * which the next start corrects; a failure takes the record back, so that Docker's retry finds all to be done.
   */
  protected async change(
    { before, after }: Change,
    inKernel: () => Promise<unknown>,
    undo: () => Promise<unknown>,
  ): Promise<void> {
    const [changed, kept] = await Promise.allSettled([inKernel(), this.#repository.put(after)]);
    if (changed.status === 'fulfilled' && kept.status === 'fulfilled') {
      this.index.set(after);
      return;
    }
    if (changed.status === 'fulfilled') await undo();
    await this.#repository.put(before);
    throw changed.status === 'rejected' ? changed.reason : (kept as PromiseRejectedResult).reason;
  }

  /** Changes the record of an endpoint, and the kernel step by step if it is in a sandbox; says whether it is. */
  protected async revise(record: Change, forth: readonly Step[], back: readonly Step[]): Promise<boolean> {
    const isJoined = record.before.sandboxKey !== undefined;
    await this.change(
      record,
      () => inOrder(isJoined ? forth : []),
      () => inOrder(isJoined ? back : []),
    );
    return isJoined;
  }
}

async function inOrder(steps: readonly Step[]): Promise<void> {
  for (const step of steps) await step();
}
