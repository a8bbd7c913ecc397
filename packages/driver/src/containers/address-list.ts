import type { Container, DockerContainers } from '@routed/docker-engine';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { AddressAnnouncement } from '../endpoints/address-announcement.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';
import type { AdditionalAddress } from '../leases/leased-address.ts';
import { findContainer } from './find-container.ts';
import type { ListedAddress } from './listed-address.ts';
import type { PersistentAssignment } from './persistent-assignment.ts';
import type { PersistentAssignments } from './persistent-assignments.ts';

/** Where an endpoint is, as Docker knows it. */
interface Place {
  readonly container: string;
  readonly containerId?: string;
  readonly network: string;
}

/** Whether an address of an endpoint in a sandbox is announced. */
interface Announcements {
  of(endpoint: Endpoint, address: string): AddressAnnouncement;
}

/** Lists the addresses of containers. */
export class AddressList {
  readonly #docker: DockerContainers;
  readonly #endpoints: Pick<EndpointLifecycle, 'all'>;
  readonly #records: PersistentAssignments;
  readonly #sandboxReconciler: Pick<SandboxReconciler, 'statusOf'>;
  readonly #announcements: Announcements;
  readonly #kept: Pick<KeptAddresses, 'ownerOf'>;

  constructor(deps: {
    readonly docker: DockerContainers;
    readonly endpoints: Pick<EndpointLifecycle, 'all'>;
    readonly records: PersistentAssignments;
    readonly sandboxReconciler: Pick<SandboxReconciler, 'statusOf'>;
    readonly announcements: Announcements;
    readonly kept: Pick<KeptAddresses, 'ownerOf'>;
  }) {
    this.#docker = deps.docker;
    this.#endpoints = deps.endpoints;
    this.#records = deps.records;
    this.#sandboxReconciler = deps.sandboxReconciler;
    this.#announcements = deps.announcements;
    this.#kept = deps.kept;
  }

  /**
   * All addresses, or those of one container. Without Docker's answer, containers go by their endpoints.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, and DOCKER_UNREACHABLE when a container is asked for
   */
  async list(reference?: string): Promise<ListedAddress[]> {
    const containers = await this.#docker.list().catch((error: unknown) => {
      if (reference !== undefined) throw error;
      return [];
    });
    const rows = this.#rows(placesOf(containers));
    if (reference === undefined) return rows;
    const { id } = findContainer(containers, reference);
    return rows.filter(({ containerId }) => containerId === id);
  }

  #rows(places: ReadonlyMap<string, Place>): ListedAddress[] {
    const living = this.#endpoints.all().flatMap((endpoint) => {
      const place = places.get(endpoint.id) ?? {
        container: endpoint.id.slice(0, 12),
        network: endpoint.networkId.slice(0, 12),
      };
      return this.#rowsOf(endpoint, place);
    });
    const present = new Set(living.map(({ address }) => address));
    const waiting = this.#records.all().flatMap((record) => rowsOfRecord(record));
    return [...living, ...waiting.filter(({ address }) => !present.has(address))];
  }

  #rowsOf(endpoint: Endpoint, place: Place): ListedAddress[] {
    const common = { ...place, endpointId: endpoint.id };
    const status = this.#sandboxReconciler.statusOf(endpoint.id);
    const inside = status === undefined || status.state === 'done' ? { state: 'active' as const } : status;
    const rows = [
      ...endpoint.addresses.map((each) => {
        const stays = this.#kept.ownerOf(each) !== undefined;
        return { address: each.address, ...common, kind: 'docker', state: 'active', ...(stays && { stays }) } as const;
      }),
      ...endpoint.additional.map(
        (each) => ({ address: each.address, ...common, kind: this.#kindOf(each), ...inside }) as const,
      ),
    ];
    if (endpoint.sandboxKey === undefined) return rows;
    return rows.map((row) => ({ ...row, announcement: this.#announcements.of(endpoint, row.address) }));
  }

  #kindOf(address: AdditionalAddress): 'own' | 'added' | 'option' {
    if (!address.isSticky) return 'option';
    return this.#kept.ownerOf(address) === undefined ? 'added' : 'own';
  }
}

function rowsOfRecord({ containerName, containerId, networkName, addresses }: PersistentAssignment): ListedAddress[] {
  const place = { container: containerName, containerId, network: networkName };
  return addresses.map(({ address }) => ({ address, ...place, kind: 'added', state: 'stopped' }));
}

function placesOf(containers: readonly Container[]): ReadonlyMap<string, Place> {
  return new Map(
    containers.flatMap(({ id, name, networks }) =>
      networks.map(({ endpointId, networkName }) => {
        const place = { container: name, containerId: id, network: networkName };
        return [endpointId, place] as const;
      }),
    ),
  );
}
