import { isDeepStrictEqual } from 'node:util';
import type { Container, DockerContainers, Owner } from '@routed/docker-engine';
import { type Direction, DIRECTIONS } from '@routed/netfilter';
import { isPending, ownList } from '../endpoints/owner-pending.ts';
import type { AdditionalLeases } from '../leases/additional-leases.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';
import { GracePeriod } from '../ground/grace-period.ts';
import type { KeyedLock, Lease } from '@routed/ipam';
import type { Logger } from '@routed/datapath';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';
import { dependsOnDocker, type GivenNameServers } from './given-name-servers.ts';
import { asAdditional } from './container-addresses.ts';
import { OwnerSearch } from './owner-search.ts';
import { assignmentId, type PersistentAssignment, ratesOf } from './persistent-assignment.ts';
import type { PersistentAssignments } from './persistent-assignments.ts';

const INTERVAL_MS = 30_000;

/** How long Docker must not have known a container, at least twice, before its addresses are free again. */
const GONE_AFTER_MS = 60_000;

/** How long a call of Docker may be kept waiting for the answer whose an endpoint is. */
const SETTLE_MS = 300;

/** From when on it is a problem that nobody may enter a container because it is not known which it is. */
const PROBLEM_AFTER_MS = 3_000;

const REFUSES = { ingress: 'accepts', egress: 'opens' } as const;

/**
 * Gives restarted containers the addresses and lists that stay theirs, and frees addresses of containers that are no more.
 *
 * Where an operator gave a list to a container of a network, an endpoint of that network is closed in that direction before Docker has
 * said whose it is.
 */
export class AssignmentKeeper {
  readonly #docker: DockerContainers;
  readonly #endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'extend' | 'filter' | 'limit' | 'hold' | 'admit'>;
  readonly #leases: AdditionalLeases;
  readonly #records: PersistentAssignments;
  readonly #kept: Pick<KeptAddresses, 'ownerOf' | 'forget'>;
  readonly #sandboxReconciler: Pick<SandboxReconciler, 'requestOnceThere'>;
  readonly #lock: KeyedLock;
  readonly #logger: Logger;
  /** Assignments whose container Docker does not know. */
  readonly #missing = new GracePeriod();
  readonly #nameServers: Pick<GivenNameServers, 'learn'>;
  readonly #search: OwnerSearch;
  #timer: NodeJS.Timeout | undefined;
  #isChecking = false;

  constructor(deps: {
    readonly docker: DockerContainers;
    readonly nameServers: Pick<GivenNameServers, 'learn'>;
    readonly endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'extend' | 'filter' | 'limit' | 'hold' | 'admit'>;
    readonly leases: AdditionalLeases;
    readonly records: PersistentAssignments;
    readonly kept: Pick<KeptAddresses, 'ownerOf' | 'forget'>;
    readonly sandboxReconciler: Pick<SandboxReconciler, 'requestOnceThere'>;
    readonly lock: KeyedLock;
    readonly logger: Logger;
  }) {
    this.#docker = deps.docker;
    this.#endpoints = deps.endpoints;
    this.#leases = deps.leases;
    this.#records = deps.records;
    this.#kept = deps.kept;
    this.#sandboxReconciler = deps.sandboxReconciler;
    this.#lock = deps.lock;
    this.#logger = deps.logger;
    this.#nameServers = deps.nameServers;
    this.#search = new OwnerSearch({
      docker: deps.docker,
      isWanted: (endpointId) => deps.endpoints.get(endpointId)?.sandboxKey !== undefined,
      onFound: async (endpointId, containerId) => {
        await this.#give(endpointId, containerId);
        // Nobody waits for it: Docker answers once the container has started.
        void this.#nameServers.learn(endpointId, containerId);
      },
      logger: deps.logger,
    });
  }

  /** Takes up the records of the previous run; gives back leases of which no record came to be. */
  async load(): Promise<void> {
    await this.#records.load();
    const known = new Set(this.#records.all().flatMap(({ addresses }) => addresses.map(({ address }) => address)));
    const isKnown = (lease: Lease): boolean => known.has(lease.address) || this.#kept.ownerOf(lease) !== undefined;
    await this.#leases.releaseOrphans('sticky', isKnown);
  }

  /** An endpoint has joined its sandbox. Nobody waits for what follows. */
  onJoin(endpointId: string): void {
    const endpoint = this.#endpoints.get(endpointId);
    if (endpoint === undefined) return;
    const { networkId } = endpoint;
    if (this.#records.ofNetwork(networkId).length === 0 && !dependsOnDocker(endpoint)) return;
    this.#search.start(endpointId, networkId);
  }

  /** Waits until an endpoint has what an operator gave its container, if Docker is being asked whose it is: not for long. */
  async settle(endpointId: string): Promise<void> {
    const networkId = this.#endpoints.get(endpointId)?.networkId ?? '';
    if (this.#records.ofNetwork(networkId).length > 0) await this.#search.found(endpointId, SETTLE_MS);
  }

  /**
   * Closes the endpoints of a network that Docker does not name yet, until it does: one may be of a container that was given a list
   * just now.
   *
   * @returns the containers of those that it names, by endpoint
   * @throws DockerError DOCKER_UNREACHABLE
   */
  async holdUnnamed(networkId: string, direction: Direction): Promise<ReadonlyMap<string, Owner>> {
    const owners = await this.#docker.owners(networkId);
    const unnamed = this.#endpoints.all().filter(({ id, networkId: on }) => on === networkId && !owners.has(id));
    for (const { id } of unnamed) if (await this.#endpoints.hold(id, direction)) this.#search.start(id, networkId);
    return owners;
  }

  /** Which containers let nobody in since it is not known whose list they have, for people. */
  problems(): string[] {
    return this.#search.unknownFor(PROBLEM_AFTER_MS).flatMap(({ endpointId, forMs, reason }) => {
      const endpoint = this.#endpoints.get(endpointId);
      const closed = DIRECTIONS.filter((direction) => isPending(endpoint, direction));
      if (closed.length === 0) return [];
      const seconds = Math.round(forMs / 1_000);
      const effect = closed.map((direction) => REFUSES[direction]).join(' and ');
      return `endpoint ${endpointId.slice(0, 12)}: its container ${effect} no connections, because its allow list has been unknown for ${seconds} s: ${reason}`;
    });
  }

  /** Checks all records now, and from time to time: Docker may take its time, and nobody waits for it. */
  start(): void {
    for (const endpoint of this.#endpoints.all()) {
      const isClosed = DIRECTIONS.some((direction) => isPending(endpoint, direction));
      if (isClosed) this.#search.start(endpoint.id, endpoint.networkId);
    }
    this.#timer = setInterval(() => this.#check(), INTERVAL_MS).unref();
    this.#check();
  }

  /** One round over all records. A Docker that does not answer is asked again next time. */
  async reconcile(): Promise<void> {
    if (this.#records.all().length === 0) return;
    try {
      const containers = new Map((await this.#docker.list()).map((container) => [container.id, container]));
      for (const record of this.#records.all()) {
        const container = containers.get(record.containerId);
        if (container !== undefined) await this.#restore(record, container);
        else if (this.#missing.isOver(record.id, GONE_AFTER_MS)) await this.#free(record);
        else this.#missing.note(record.id);
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'could not check persistent assignments');
    }
  }

  /** Frees the addresses of a network that is no more. */
  async forgetNetwork(networkId: string): Promise<void> {
    for (const record of this.#records.ofNetwork(networkId)) await this.#free(record);
    await this.#kept.forget((record) => record.networkId === networkId, 'its network is gone');
  }

  /** Asks Docker no more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#search.stop();
  }

  #check(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    void this.reconcile().finally(() => (this.#isChecking = false));
  }

  async #restore(record: PersistentAssignment, container: Container): Promise<void> {
    this.#missing.forget(record.id);
    const on = container.networks.find(({ networkId }) => networkId === record.networkId);
    const endpoint = on === undefined ? undefined : this.#endpoints.get(on.endpointId);
    if (endpoint?.sandboxKey === undefined || isRestored(record, endpoint)) return;
    await this.#give(endpoint.id, container.id);
  }

  /** Gives an endpoint what its container has from an operator, now that it is known which container it is. */
  async #give(endpointId: string, containerId: string): Promise<void> {
    const networkId = this.#endpoints.get(endpointId)?.networkId ?? '';
    const id = assignmentId(containerId, networkId);
    await this.#lock.run(`container ${id}`, async () => {
      const endpoint = this.#endpoints.get(endpointId);
      if (endpoint?.sandboxKey === undefined) return;
      const record = this.#records.get(id);
      for (const direction of DIRECTIONS) {
        if (record?.[direction] === undefined) await this.#endpoints.admit(endpointId, direction);
      }
      if (record === undefined || isRestored(record, endpoint)) return;
      for (const direction of DIRECTIONS) {
        const list = record[direction];
        if (list === undefined) continue;
        await this.#endpoints.filter(endpointId, direction, list);
      }
      await this.#endpoints.limit(endpointId, ratesOf(record));
      await this.#endpoints.extend(endpointId, asAdditional(record));
      this.#sandboxReconciler.requestOnceThere(endpoint.sandboxKey);
      const addresses = record.addresses.map(({ address }) => address);
      this.#logger.info(
        { container: record.containerName, addresses },
        'restored operator-assigned addresses, filters and limits',
      );
    });
  }

  async #free(record: PersistentAssignment): Promise<void> {
    await this.#lock.run(`container ${record.id}`, async () => {
      await this.#records.remove(record.id);
      await this.#leases.release(record.addresses);
    });
    this.#missing.forget(record.id);
    const addresses = record.addresses.map(({ address }) => address);
    this.#logger.info({ container: record.containerName, addresses }, 'freed the addresses of a removed container');
  }
}

function isRestored(record: PersistentAssignment, endpoint: Endpoint): boolean {
  const held = new Set(endpoint.additional.map(({ address }) => address));
  const isFiltered = DIRECTIONS.every((direction) => {
    const list = record[direction];
    if (isPending(endpoint, direction)) return false;
    return list === undefined || endpoint[direction] === ownList(endpoint, direction, list);
  });
  const isLimited = isDeepStrictEqual({ ...ratesOf(endpoint), ...ratesOf(record) }, ratesOf(endpoint));
  return isFiltered && isLimited && record.addresses.every(({ address }) => held.has(address));
}
