import type { DockerContainers, Owner } from '@routed/docker-engine';
import type { Repository } from '@routed/store';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Journal } from '../ground/journal.ts';
import { allAddresses, type Logger } from '@routed/datapath';
import type { KnownContainers } from './known-containers.ts';

/** The container that had an address last. */
export interface AddressOwner {
  /** The address. */
  readonly id: string;
  readonly containerId: string;
  readonly containerName: string;
}

/** How soon after a join Docker is asked, and how long it is then left alone: joins meanwhile are one question. */
const SOON_MS = 250;
const COLLECT_MS = 2_000;
/** How long a Docker that did not answer is left alone, and how long after a join its container may be unknown to one that does. */
const RETRY_MS = 30_000;

/** As many addresses as the journal has entries; those that were given out longest ago are forgotten. */
const CAPACITY = 10_000;

/**
 * Tells in the journal when an address goes to another container than the one that had it last, which happens silently where Docker
 * chooses addresses: after a reboot two containers may have each other's. Nobody waits for it.
 */
export class AddressOwners {
  readonly #docker: Pick<DockerContainers, 'owners'>;
  readonly #known: Pick<KnownContainers, 'unnamed'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'all' | 'get'>;
  readonly #repository: Repository<AddressOwner>;
  readonly #journal: Pick<Journal, 'record'>;
  readonly #logger: Logger;
  readonly #onOwner: (endpointId: string, owner: Owner) => Promise<void>;
  #askedAtMs = -Infinity;
  /** By address, the oldest first. */
  readonly #owners = new Map<string, AddressOwner>();
  /** Networks in which endpoints have joined. */
  #due = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(deps: {
    readonly docker: Pick<DockerContainers, 'owners'>;
    readonly known: Pick<KnownContainers, 'unnamed'>;
    readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get'>;
    readonly repository: Repository<AddressOwner>;
    readonly journal: Pick<Journal, 'record'>;
    readonly logger: Logger;
    /** Told of each endpoint that Docker names the container of, whenever it was asked. */
    readonly onOwner: (endpointId: string, owner: Owner) => Promise<void>;
  }) {
    this.#onOwner = deps.onOwner;
    this.#docker = deps.docker;
    this.#known = deps.known;
    this.#endpoints = deps.endpoints;
    this.#repository = deps.repository;
    this.#journal = deps.journal;
    this.#logger = deps.logger;
  }

  /** Takes up what the previous run knew. */
  async load(): Promise<void> {
    for (const owner of await this.#repository.load()) this.#owners.set(owner.id, owner);
  }

  /** Learns whose the addresses of the endpoints are that joined before this process started. */
  start(): void {
    for (const { networkId, sandboxKey } of this.#endpoints.all())
      if (sandboxKey !== undefined) this.#due.add(networkId);
    if (this.#due.size > 0) this.#plan(SOON_MS);
  }

  /** An endpoint has joined its sandbox. */
  onJoin(endpointId: string): void {
    const endpoint = this.#endpoints.get(endpointId);
    if (endpoint === undefined) return;
    this.#due.add(endpoint.networkId);
    this.#plan(Math.max(SOON_MS, this.#askedAtMs + COLLECT_MS - performance.now()));
  }

  /** Asks Docker no more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /**
   * Compares who has the addresses of the networks that are due with who had them last: one question to Docker for each network. Says
   * whether it answered all of them.
   */
  async learn(): Promise<boolean> {
    let didAllAnswer = true;
    const due = this.#due;
    this.#due = new Set();
    this.#askedAtMs = performance.now();
    for (const networkId of due) {
      try {
        // Looked up before: what names one of them meanwhile may be a later answer, to somebody else.
        const unnamed = this.#known.unnamed(networkId, RETRY_MS);
        const owners = await this.#docker.owners(networkId);
        for (const [endpointId, owner] of owners) {
          await this.#onOwner(endpointId, owner);
          await this.#note(endpointId, owner);
        }
        const left = unnamed.filter((id) => !owners.has(id) && this.#endpoints.get(id)?.sandboxKey !== undefined);
        if (left.length > 0) this.#due.add(networkId);
      } catch (error) {
        this.#logger.debug({ networkId, err: error }, 'containers of the addresses are not known yet');
        this.#due.add(networkId);
        didAllAnswer = false;
      }
    }
    return didAllAnswer;
  }

  #plan(delayMs: number): void {
    if (this.#isStopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      void this.learn().then((didAllAnswer) => {
        this.#timer = undefined;
        // Endpoints may have joined meanwhile, or Docker does not name one yet.
        if (this.#due.size > 0) this.#plan(didAllAnswer ? COLLECT_MS : RETRY_MS);
      });
    }, delayMs).unref();
  }

  async #note(endpointId: string, owner: Owner): Promise<void> {
    const endpoint = this.#endpoints.get(endpointId);
    if (endpoint?.sandboxKey === undefined) return;
    for (const { address } of allAddresses(endpoint)) {
      const former = this.#owners.get(address);
      if (former?.containerId === owner.id && former.containerName === owner.name) continue;
      // One that was created anew, as Compose does, is the same to people.
      if (former !== undefined && former.containerId !== owner.id && former.containerName !== owner.name) {
        const detail = `container ${owner.name} has it now; container ${former.containerName} had it last`;
        this.#journal.record({ kind: 'moved', addresses: [address], endpointId, detail });
      }
      await this.#keep({ id: address, containerId: owner.id, containerName: owner.name });
    }
  }

  async #keep(owner: AddressOwner): Promise<void> {
    await this.#repository.put(owner);
    this.#owners.delete(owner.id);
    this.#owners.set(owner.id, owner);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size <= CAPACITY || oldest === undefined) return;
    this.#owners.delete(oldest);
    await this.#repository.remove(oldest);
  }
}
