import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, DockerContainers } from '../docker/docker-containers.ts';
import type { AdditionalLeases } from '../endpoints/additional-leases.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Logger } from '../logger.ts';
import type { SandboxConfigurator } from '../sandbox/sandbox-configurator.ts';
import { asAdditional } from './container-addresses.ts';
import type { StickyRecord } from './sticky-record.ts';
import type { StickyRecords } from './sticky-records.ts';

/** When Docker is asked whose an endpoint is: it knows a moment after it has moved the link. */
const ASK_AFTER_MS = [0, 50, 200, 1_000, 3_000] as const;

const INTERVAL_MS = 30_000;

/** How long Docker must not have known a container, at least twice, before its addresses are free again. */
const GONE_AFTER_MS = 60_000;

/** Gives restarted containers the addresses that stay theirs, and frees those of containers that are no more. */
export class StickyKeeper {
  readonly #docker: DockerContainers;
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'extend' | 'filter'>;
  readonly #leases: AdditionalLeases;
  readonly #records: StickyRecords;
  readonly #configurator: Pick<SandboxConfigurator, 'request'>;
  readonly #lock: KeyedLock;
  readonly #logger: Logger;
  readonly #missingSince = new Map<string, number>();
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isChecking = false;

  constructor(deps: {
    readonly docker: DockerContainers;
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'extend' | 'filter'>;
    readonly leases: AdditionalLeases;
    readonly records: StickyRecords;
    readonly configurator: Pick<SandboxConfigurator, 'request'>;
    readonly lock: KeyedLock;
    readonly logger: Logger;
  }) {
    this.#docker = deps.docker;
    this.#endpoints = deps.endpoints;
    this.#leases = deps.leases;
    this.#records = deps.records;
    this.#configurator = deps.configurator;
    this.#lock = deps.lock;
    this.#logger = deps.logger;
  }

  /** Takes up the records of an earlier life; gives back leases of which no record came to be. */
  async load(): Promise<void> {
    await this.#records.load();
    const known = new Set(this.#records.all().flatMap(({ addresses }) => addresses.map(({ address }) => address)));
    await this.#leases.releaseOrphans('sticky', (address) => known.has(address));
  }

  /** An endpoint's link has arrived in its sandbox. Nobody waits for what follows. */
  onArrival(endpointId: string): void {
    const networkId = this.#endpoints.get(endpointId)?.networkId;
    if (networkId === undefined || this.#records.ofNetwork(networkId).length === 0) return;
    this.#askUntilKnown(endpointId).catch((error: unknown) => {
      this.#logger.warn({ endpointId, err: error }, 'Docker does not say which container has the endpoint');
    });
  }

  /** Checks all records now, and from time to time: Docker may take its time, and nobody waits for it. */
  start(): void {
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
        if (container === undefined) await this.#noteMissing(record);
        else await this.#restore(record, container);
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'addresses that stay with containers cannot be checked');
    }
  }

  /** Frees the addresses of a network that is no more. */
  async forgetNetwork(networkId: string): Promise<void> {
    for (const record of this.#records.ofNetwork(networkId)) await this.#free(record);
  }

  /** Asks Docker no more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stopping.abort();
  }

  #check(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    void this.reconcile().finally(() => (this.#isChecking = false));
  }

  async #askUntilKnown(endpointId: string): Promise<void> {
    for (const waitMs of ASK_AFTER_MS) {
      await sleep(waitMs, undefined, { ref: false, signal: this.#stopping.signal });
      if (this.#endpoints.get(endpointId)?.sandboxKey === undefined) return;
      const owner = (await this.#docker.list()).find(({ networks }) =>
        networks.some((on) => on.endpointId === endpointId),
      );
      if (owner === undefined) continue;
      for (const record of this.#records.all()) {
        if (record.containerId === owner.id) await this.#restore(record, owner);
      }
      return;
    }
  }

  async #restore(record: StickyRecord, container: Container): Promise<void> {
    this.#missingSince.delete(record.id);
    const on = container.networks.find(({ networkId }) => networkId === record.networkId);
    const endpoint = on === undefined ? undefined : this.#endpoints.get(on.endpointId);
    if (endpoint?.sandboxKey === undefined) return;
    if (isRestored(record, endpoint)) return;
    await this.#lock.run(`container ${record.id}`, async () => {
      const current = this.#records.get(record.id);
      if (current === undefined) return;
      const { ingress } = current;
      if (ingress !== undefined) await this.#endpoints.filter(endpoint.id, ingress === 'any' ? undefined : ingress);
      await this.#endpoints.extend(endpoint.id, asAdditional(current));
    });
    this.#configurator.request(endpoint.sandboxKey);
    const addresses = record.addresses.map(({ address }) => address);
    this.#logger.info({ container: container.name, addresses }, 'container has again what an operator gave it');
  }

  async #noteMissing(record: StickyRecord): Promise<void> {
    const since = this.#missingSince.get(record.id);
    if (since === undefined) this.#missingSince.set(record.id, performance.now());
    else if (performance.now() - since >= GONE_AFTER_MS) await this.#free(record);
  }

  async #free(record: StickyRecord): Promise<void> {
    await this.#lock.run(`container ${record.id}`, async () => {
      await this.#records.remove(record.id);
      await this.#leases.release(record.addresses);
    });
    this.#missingSince.delete(record.id);
    const addresses = record.addresses.map(({ address }) => address);
    this.#logger.info({ container: record.containerName, addresses }, 'addresses of a container that is gone are free');
  }
}

function isRestored({ addresses, ingress }: StickyRecord, endpoint: Endpoint): boolean {
  const held = new Set(endpoint.additional.map(({ address }) => address));
  const wanted = ingress === 'any' ? undefined : ingress;
  const isFiltered = ingress === undefined || endpoint.ingress === wanted;
  return isFiltered && addresses.every(({ address }) => held.has(address));
}
