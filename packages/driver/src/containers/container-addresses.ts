import type { Container, DockerContainers } from '@routed/docker-engine';
import { allAddresses } from '@routed/datapath';
import { canonicalHostAddress, type KeyedLock } from '@routed/ipam';
import type { AdditionalLeases } from '../leases/additional-leases.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { locateAdditional } from '../endpoints/locate-additional.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Network } from '../networks/network.ts';
import { DriverError } from '../ground/errors.ts';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';
import type { AddressChange } from './address-change.ts';
import { chooseNetwork, type Membership } from './choose-network.ts';
import { askForContainer, findContainer } from './find-container.ts';
import type { KnownContainers } from './known-containers.ts';
import type { PersistentAssignments } from './persistent-assignments.ts';
import { recordOf, assignmentId, hasPolicy, type PersistentAssignment } from './persistent-assignment.ts';
import type { AdditionalAddress } from '../leases/leased-address.ts';

/** What `address add` says beside container and address. */
export interface AddressOptions {
  /** The network by which the container has the address; not needed where only one allows it. */
  readonly networkName?: string | undefined;
  /** Whether other hosts may have it, too. */
  readonly isAnycast?: boolean | undefined;
}

/** Gives containers further addresses while they run, and takes them back: for an operator, not for Docker. */
export class ContainerAddresses {
  readonly #docker: DockerContainers;
  readonly #known: Pick<KnownContainers, 'find'>;
  readonly #networks: Pick<NetworkRegistry, 'get'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'extend' | 'reduce'>;
  readonly #leases: AdditionalLeases;
  readonly #records: PersistentAssignments;
  readonly #kept: Pick<KeptAddresses, 'disown'>;
  readonly #sandboxReconciler: Pick<SandboxReconciler, 'configure' | 'request'>;
  readonly #lock: KeyedLock;

  constructor(deps: {
    readonly docker: DockerContainers;
    /** Asked first. */
    readonly known: Pick<KnownContainers, 'find'>;
    readonly networks: Pick<NetworkRegistry, 'get'>;
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'extend' | 'reduce'>;
    readonly leases: AdditionalLeases;
    readonly records: PersistentAssignments;
    readonly kept: Pick<KeptAddresses, 'disown'>;
    readonly sandboxReconciler: Pick<SandboxReconciler, 'configure' | 'request'>;
    readonly lock: KeyedLock;
  }) {
    this.#docker = deps.docker;
    this.#known = deps.known;
    this.#networks = deps.networks;
    this.#endpoints = deps.endpoints;
    this.#leases = deps.leases;
    this.#records = deps.records;
    this.#kept = deps.kept;
    this.#sandboxReconciler = deps.sandboxReconciler;
    this.#lock = deps.lock;
  }

  /**
   * Gives a container an address that stays its own until {@link remove}, also while it does not run. All of it or
   * nothing; repeated it does nothing more.
   *
   * @param reference the container's name, or its id or the start of it
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, NETWORK_AMBIGUOUS, INVALID_ADDRESS,
   *   ADDRESS_IN_USE, SANDBOX_UNREACHABLE, DOCKER_UNREACHABLE
   */
  async add(reference: string, addressText: string, options: AddressOptions = {}): Promise<AddressChange> {
    const address = readAddress(addressText);
    const container = this.#known.find(reference) ?? (await askForContainer(this.#docker, reference));
    const { networkName, isAnycast = false } = options;
    const membership = chooseNetwork(container, address, networkName, (id) => this.#networks.get(id));
    const record = recordOf(container, membership.on);
    return await this.#lock.run(`container ${record.id}`, async () => {
      const isLive = await this.#addTo(record, membership, { address, isAnycast });
      return { container: container.name, network: record.networkName, address, isLive };
    });
  }

  /**
   * Takes an additional address from a container.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, INVALID_ADDRESS, ADDRESS_UNKNOWN, DOCKER_UNREACHABLE
   */
  async remove(reference: string, addressText: string): Promise<AddressChange> {
    const address = readAddress(addressText);
    const known = this.#known.find(reference);
    const change = known === undefined ? undefined : await this.#removeAnywhere(known, address);
    if (change !== undefined) return change;
    const container = findContainer(await this.#containers(), reference);
    const removed = await this.#removeAnywhere(container, address);
    if (removed === undefined) throw notThere(container, address, this.#addressesOf(container));
    return removed;
  }

  /** Undefined: the container has no such address. */
  async #removeAnywhere(container: Container, address: string): Promise<AddressChange | undefined> {
    for (const on of container.networks) {
      const id = assignmentId(container.id, on.networkId);
      const change = await this.#lock.run(`container ${id}`, () => this.#removeFrom(id, on.endpointId, address));
      if (change !== undefined) return { container: container.name, network: on.networkName, address, ...change };
    }
    return undefined;
  }

  async #addTo(
    fresh: PersistentAssignment,
    { on, network }: Membership,
    { address, isAnycast }: { readonly address: string; readonly isAnycast: boolean },
  ): Promise<boolean> {
    const before = this.#records.get(fresh.id);
    const known = before?.addresses.some((entry) => entry.address === address) ?? false;
    const endpoint = this.#endpoints.get(on.endpointId);
    const owner = endpoint ?? anyEndpointOf(network);
    const located = known ? [] : locateAdditional([address], owner, network, isAnycast);
    const claimed = await this.#leases.claim(located, { holder: `container ${fresh.containerName}`, isSticky: true });
    const record = { ...(before ?? fresh), addresses: [...(before?.addresses ?? []), ...located] };
    try {
      const [kept, given] = await Promise.allSettled([
        this.#records.put(record),
        endpoint === undefined ? false : this.#give(endpoint.id, asAdditional(record)),
      ]);
      if (kept.status === 'rejected') throw kept.reason;
      if (given.status === 'rejected') throw given.reason;
      return given.value;
    } catch (error) {
      if (known) throw error;
      await this.#undo(on.endpointId, address).catch(() => undefined);
      await (before === undefined ? this.#records.remove(fresh.id) : this.#records.put(before));
      await this.#leases.release(claimed);
      throw error;
    }
  }

  async #removeFrom(
    recordId: string,
    endpointId: string,
    address: string,
  ): Promise<Pick<AddressChange, 'isLive' | 'returns'> | undefined> {
    const record = this.#records.get(recordId);
    const sticky = record?.addresses.filter((entry) => entry.address === address) ?? [];
    const held = this.#endpoints.get(endpointId)?.additional.filter((entry) => entry.address === address) ?? [];
    if (sticky.length === 0 && held.length === 0) return undefined;
    const isLive = held.length > 0 && (await this.#take(endpointId, address));
    if (record !== undefined && sticky.length > 0) {
      const left = record.addresses.filter((entry) => entry.address !== address);
      const isEmpty = left.length === 0 && !hasPolicy(record);
      await (isEmpty ? this.#records.remove(recordId) : this.#records.put({ ...record, addresses: left }));
    }
    await this.#leases.release(sticky.length > 0 ? sticky : held);
    for (const lease of held) await this.#kept.disown(lease, 'it was taken away by command');
    // Neither given by an operator nor the container's own: these are sticky, too.
    const isOption = sticky.length === 0 && held.some((entry) => !entry.isSticky);
    return { isLive, ...(isOption && { returns: true }) };
  }

  /** True: the container runs and has them now. Its sandbox is looked at while the host's side is made. */
  async #give(endpointId: string, addresses: readonly AdditionalAddress[]): Promise<boolean> {
    const extending = this.#endpoints.extend(endpointId, addresses);
    const [extended, configured] = await Promise.allSettled([extending, this.#configure(endpointId, extending)]);
    if (extended.status === 'rejected') throw extended.reason;
    if (configured.status === 'rejected') throw configured.reason;
    return configured.value;
  }

  /** True: the container runs and has it no longer. */
  async #take(endpointId: string, address: string): Promise<boolean> {
    if (this.#endpoints.get(endpointId) === undefined) return false;
    await this.#endpoints.reduce(endpointId, new Set([address]));
    return await this.#configure(endpointId);
  }

  /** Nobody waits for the sandbox: it may be what could not be reached. */
  async #undo(endpointId: string, address: string): Promise<void> {
    if (this.#endpoints.get(endpointId) === undefined) return;
    await this.#endpoints.reduce(endpointId, new Set([address]));
    const sandboxKey = this.#endpoints.get(endpointId)?.sandboxKey;
    if (sandboxKey !== undefined) this.#sandboxReconciler.request(sandboxKey);
  }

  async #configure(endpointId: string, after?: Promise<unknown>): Promise<boolean> {
    const sandboxKey = this.#endpoints.get(endpointId)?.sandboxKey;
    if (sandboxKey === undefined) return false;
    await this.#sandboxReconciler.configure(sandboxKey, after);
    return true;
  }

  /** Containers that Docker knows, and those that are gone but still have addresses here. */
  async #containers(): Promise<readonly Container[]> {
    const known = await this.#docker.list();
    const ids = new Set(known.map(({ id }) => id));
    const gone = this.#records.all().filter(({ containerId }) => !ids.has(containerId));
    return [...known, ...gone.map(asContainer)];
  }

  #addressesOf(container: Container): string[] {
    return container.networks.flatMap(({ networkId, endpointId }) => {
      const endpoint = this.#endpoints.get(endpointId);
      const sticky = this.#records.get(assignmentId(container.id, networkId))?.addresses ?? [];
      const all = [...(endpoint === undefined ? [] : allAddresses(endpoint)), ...sticky];
      return [...new Set(all.map(({ address }) => address))];
    });
  }
}

/** The addresses of a record as an endpoint has them. */
export function asAdditional({ addresses }: PersistentAssignment): AdditionalAddress[] {
  return addresses.map((entry) => ({ ...entry, isSticky: true }));
}

function readAddress(text: string): string {
  try {
    return canonicalHostAddress(text);
  } catch (error) {
    throw new DriverError(
      'INVALID_ADDRESS',
      `"${text}" is not an address: expected one such as 10.1.0.20 or fd00:1::20, without prefix length`,
      {
        cause: error,
      },
    );
  }
}

function asContainer({ containerId, containerName, networkId, networkName }: PersistentAssignment): Container {
  return { id: containerId, name: containerName, networks: [{ networkId, networkName, endpointId: '' }] };
}

/** Stands for the endpoint that the container will have: one address of each family that the network has. */
function anyEndpointOf({ pools }: Network): Pick<Endpoint, 'addresses' | 'additional'> {
  return { addresses: pools.map((pool) => ({ ...pool, address: '' })), additional: [] };
}

function notThere(container: Container, address: string, held: readonly string[]): DriverError {
  if (held.includes(address)) {
    return new DriverError(
      'INVALID_ADDRESS',
      `address ${address} was assigned by Docker to container ${container.name}: only additional addresses can be removed`,
    );
  }
  const list = held.length === 0 ? 'none' : held.join(', ');
  return new DriverError(
    'ADDRESS_UNKNOWN',
    `container ${container.name} does not have address ${address} (it has: ${list})`,
  );
}
