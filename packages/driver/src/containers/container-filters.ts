import type { Container, ContainerNetwork, DockerContainers } from '@routed/docker-engine';
import { linkNames } from '@routed/datapath';
import {
  type EndpointFilters,
  type FilterCounters,
  formatAllowList,
  isNetfilterError,
  parseAllowList,
} from '@routed/netfilter';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts } from '../endpoints/endpoint.ts';
import type { Journal } from '../ground/journal.ts';
import type { KeyedLock } from '@routed/ipam';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import { DriverError } from '../ground/errors.ts';
import type { IngressStatus } from './ingress-status.ts';
import { askForContainer } from './find-container.ts';
import type { AssignmentKeeper } from './assignment-keeper.ts';
import { recordOf, assignmentId, type PersistentAssignment } from './persistent-assignment.ts';
import type { PersistentAssignments } from './persistent-assignments.ts';

/** Of a list, in an event; in characters. */
const LONGEST_TEXT = 200;

/** Changes and tells who may enter containers: for an operator, not for Docker. */
export class ContainerFilters {
  readonly #docker: DockerContainers;
  readonly #networks: Pick<NetworkRegistry, 'get'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'filter'>;
  readonly #records: PersistentAssignments;
  readonly #keeper: Pick<AssignmentKeeper, 'holdUnnamed'>;
  readonly #filters: Pick<EndpointFilters, 'counters'>;
  readonly #journal: Pick<Journal, 'record'>;
  readonly #lock: KeyedLock;

  constructor(deps: {
    readonly docker: DockerContainers;
    readonly networks: Pick<NetworkRegistry, 'get'>;
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'filter'>;
    readonly records: PersistentAssignments;
    readonly keeper: Pick<AssignmentKeeper, 'holdUnnamed'>;
    readonly filters: Pick<EndpointFilters, 'counters'>;
    readonly journal: Pick<Journal, 'record'>;
    readonly lock: KeyedLock;
  }) {
    this.#docker = deps.docker;
    this.#networks = deps.networks;
    this.#endpoints = deps.endpoints;
    this.#records = deps.records;
    this.#keeper = deps.keeper;
    this.#filters = deps.filters;
    this.#journal = deps.journal;
    this.#lock = deps.lock;
  }

  /**
   * Says who may enter a container by its routed networks, or by one of them: at once, and again when it is restarted.
   *
   * @param text a list of sources; `none`, or `any` for everybody
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, INVALID_OPTION, DOCKER_UNREACHABLE
   * @throws NetfilterError NFT_MISSING
   */
  async set(reference: string, text: string, networkName?: string): Promise<IngressStatus[]> {
    const ingress = readList(text);
    const container = await askForContainer(this.#docker, reference);
    const memberships = this.#membershipsOf(container, networkName);
    for (const on of memberships) {
      const id = assignmentId(container.id, on.networkId);
      await this.#lock.run(`container ${id}`, () => this.#give(recordOf(container, on), ingress, on.endpointId));
    }
    this.#note(container, memberships, ingress);
    return await this.#show(container, memberships);
  }

  /**
   * Tells who may enter a container.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, DOCKER_UNREACHABLE
   */
  async show(reference: string): Promise<IngressStatus[]> {
    const container = await askForContainer(this.#docker, reference);
    return await this.#show(container, this.#membershipsOf(container, undefined));
  }

  /**
   * The record comes first: an endpoint that joins from then on lets nobody in before it is known whose it is, and one that has
   * joined already is named by Docker, or is closed as well.
   */
  async #give(fresh: PersistentAssignment, ingress: string, listedId: string): Promise<void> {
    const before = this.#records.get(fresh.id);
    await this.#records.put({ ...(before ?? fresh), ingress });
    try {
      const owners = await this.#keeper.holdUnnamed(fresh.networkId);
      const named = [...owners].filter(([, { id }]) => id === fresh.containerId).map(([endpointId]) => endpointId);
      for (const endpointId of new Set([...named, listedId])) {
        if (this.#endpoints.get(endpointId) === undefined) continue;
        await this.#endpoints.filter(endpointId, ingress === 'any' ? undefined : ingress);
      }
    } catch (error) {
      await (before === undefined ? this.#records.remove(fresh.id) : this.#records.put(before));
      throw error;
    }
  }

  async #show(container: Container, memberships: readonly ContainerNetwork[]): Promise<IngressStatus[]> {
    const counters = await this.#filters.counters();
    return memberships.map((on) => {
      const endpoint = this.#endpoints.get(on.endpointId);
      const record = this.#records.get(assignmentId(container.id, on.networkId));
      const network = this.#networks.get(on.networkId);
      const counted = counters.get(linkNames(on.endpointId).host);
      const own = endpoint?.isOwnerPending === true ? 'none' : endpoint?.ingress;
      const ingress = endpoint === undefined ? (record?.ingress ?? network?.ingress) : own;
      return {
        container: container.name,
        network: on.networkName,
        ingress: ingress ?? 'any',
        spoof: endpoint?.spoof ?? network?.spoof ?? 'strict',
        ...(counted === undefined ? {} : { counters: packetsOf(counted) }),
      };
    });
  }

  #note(container: Container, memberships: readonly ContainerNetwork[], ingress: string): void {
    for (const { networkName, endpointId } of memberships) {
      const endpoint = this.#endpoints.get(endpointId);
      this.#journal.record({
        kind: 'filtered',
        addresses: addressTexts(endpoint),
        ...(endpoint === undefined ? {} : { endpointId }),
        container: container.name,
        network: networkName,
        detail: `an operator set the allow list: ${shorten(ingress)}`,
      });
    }
  }

  #membershipsOf(container: Container, networkName: string | undefined): readonly ContainerNetwork[] {
    const ours = container.networks.filter(({ networkId }) => this.#networks.get(networkId) !== undefined);
    const meant = ours.filter((on) => networkName === undefined || on.networkName === networkName);
    if (meant.length > 0) return meant;
    const known = ours.map((on) => on.networkName).join(', ') || 'none';
    const which = networkName === undefined ? 'any routed network' : `a routed network "${networkName}"`;
    throw new DriverError('NETWORK_UNKNOWN', `container ${container.name} is not on ${which} (on: ${known})`);
  }
}

/** A list may have tens of thousands of entries. */
function shorten(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function packetsOf({ examined, refused, spoofed }: FilterCounters): NonNullable<IngressStatus['counters']> {
  const text = ({ packets }: { readonly packets: bigint }): string => packets.toString();
  return { examined: text(examined), refused: text(refused), spoofed: text(spoofed) };
}

function readList(text: string): string {
  try {
    return text.trim().toLowerCase() === 'any' ? 'any' : formatAllowList(parseAllowList(text));
  } catch (error) {
    if (isNetfilterError(error)) throw new DriverError('INVALID_OPTION', error.message, { cause: error });
    throw error;
  }
}
