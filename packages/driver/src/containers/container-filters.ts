import type { Container, ContainerControl, ContainerNetwork } from '@routed/docker-engine';
import { type EndpointFiltering, linkNames, listInForce, type NamedDestinations } from '@routed/datapath';
import {
  type Direction,
  type EndpointFilters,
  type FilterCounters,
  formatAllowList,
  isNetfilterError,
  parseAllowList,
} from '@routed/netfilter';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts } from '../endpoints/endpoint.ts';
import { isPending } from '../endpoints/owner-pending.ts';
import type { Journal } from '../ground/journal.ts';
import type { KeyedLock } from '@routed/ipam';
import { insidersOf } from '../networks/network.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import { invalidOption } from '../networks/parse-options.ts';
import { DriverError } from '../ground/errors.ts';
import type { FilterStatus, FilterVerdict } from './filter-status.ts';
import { type ListInForce, readAttempt, verdictOn } from './list-verdict.ts';
import { ownOptionsOf, withOptions } from './options-at-rest.ts';
import { askForContainer, membershipsOf } from './find-container.ts';
import type { GivenNameServers } from './given-name-servers.ts';
import type { AssignmentKeeper } from './assignment-keeper.ts';
import { recordOf, assignmentId, type PersistentAssignment } from './persistent-assignment.ts';
import type { PersistentAssignments } from './persistent-assignments.ts';

/** Of a list, in an event; in characters. */
const LONGEST_TEXT = 200;

/** How an event speaks of a list. */
const LIST_NAMES = { ingress: 'allow list', egress: 'list of destinations' } as const;

/** Changes and tells who may enter containers, and where these may go: for an operator, not for Docker. */
export class ContainerFilters {
  readonly #docker: Pick<ContainerControl, 'list' | 'inspect'>;
  readonly #networks: Pick<NetworkRegistry, 'get'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'filter'>;
  readonly #records: PersistentAssignments;
  readonly #nameServers: Pick<GivenNameServers, 'learn'>;
  readonly #keeper: Pick<AssignmentKeeper, 'holdUnnamed'>;
  readonly #filters: Pick<EndpointFilters, 'counters'>;
  readonly #named: Pick<NamedDestinations, 'openings' | 'nameOf' | 'warningsOf'>;
  readonly #filtering: Pick<EndpointFiltering, 'requireSupport'>;
  readonly #hostResolvers: () => readonly string[];
  readonly #journal: Pick<Journal, 'record'>;
  readonly #lock: KeyedLock;

  constructor(deps: {
    readonly docker: Pick<ContainerControl, 'list' | 'inspect'>;
    readonly networks: Pick<NetworkRegistry, 'get'>;
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'filter'>;
    readonly records: PersistentAssignments;
    readonly nameServers: Pick<GivenNameServers, 'learn'>;
    readonly keeper: Pick<AssignmentKeeper, 'holdUnnamed'>;
    readonly filters: Pick<EndpointFilters, 'counters'>;
    readonly named: Pick<NamedDestinations, 'openings' | 'nameOf' | 'warningsOf'>;
    readonly filtering: Pick<EndpointFiltering, 'requireSupport'>;
    /** The name servers of containers that are given none. */
    readonly hostResolvers: () => readonly string[];
    readonly journal: Pick<Journal, 'record'>;
    readonly lock: KeyedLock;
  }) {
    this.#docker = deps.docker;
    this.#networks = deps.networks;
    this.#endpoints = deps.endpoints;
    this.#records = deps.records;
    this.#nameServers = deps.nameServers;
    this.#keeper = deps.keeper;
    this.#filters = deps.filters;
    this.#named = deps.named;
    this.#filtering = deps.filtering;
    this.#hostResolvers = deps.hostResolvers;
    this.#journal = deps.journal;
    this.#lock = deps.lock;
  }

  /**
   * Says who may enter a container by its routed networks, or by one of them, or where it may go: at once, and again when it is
   * restarted.
   *
   * @param text a list of peers; `none`, or `any` for everybody
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, INVALID_OPTION, DOCKER_UNREACHABLE
   * @throws NetfilterError NFT_MISSING; QUEUE_UNAVAILABLE for names that nobody can follow on this kernel
   */
  async set(
    reference: string,
    direction: Direction,
    { text, networkName }: { readonly text: string; readonly networkName?: string | undefined },
  ): Promise<FilterStatus[]> {
    const list = readList(text, direction);
    if (direction === 'egress' && list !== 'any') await this.#filtering.requireSupport({ egress: list });
    const container = await askForContainer(this.#docker, reference);
    const memberships = membershipsOf(container, this.#networks, networkName);
    if (list !== 'any') await this.#refuseUntracked(container, memberships, { direction, list });
    for (const on of memberships) {
      const id = assignmentId(container.id, on.networkId);
      await this.#lock.run(`container ${id}`, () =>
        this.#give(recordOf(container, on), { direction, list }, on.endpointId),
      );
    }
    this.#note(container, memberships, `an operator set the ${LIST_NAMES[direction]}: ${shorten(list)}`);
    return await this.#show(container, memberships, direction);
  }

  /**
   * Tells who may enter a container, or where it may go.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, DOCKER_UNREACHABLE
   */
  async show(reference: string, direction: Direction): Promise<FilterStatus[]> {
    const container = await withOptions(this.#docker, await askForContainer(this.#docker, reference));
    return await this.#show(container, membershipsOf(container, this.#networks), direction);
  }

  /**
   * Tells what would become of a connection, and what decides about it: of this filter alone, not of other firewalls.
   *
   * @param attempt `ADDRESS[:PORT[/PROTOCOL]]`: who would connect to the container, or whom it would connect to
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, INVALID_OPTION, DOCKER_UNREACHABLE
   */
  async test(
    reference: string,
    direction: Direction,
    { text, networkName }: { readonly text: string; readonly networkName?: string | undefined },
  ): Promise<FilterVerdict[]> {
    const attempt = readAttempt(text, direction);
    const container = await withOptions(this.#docker, await askForContainer(this.#docker, reference));
    return membershipsOf(container, this.#networks, networkName).map((on) => ({
      container: container.name,
      network: on.networkName,
      ...verdictOn(attempt, this.#inForce(container, on, direction)),
    }));
  }

  /** @throws DriverError INVALID_OPTION where connections of the container are not tracked */
  async #refuseUntracked(
    container: Container,
    memberships: readonly ContainerNetwork[],
    { direction, list }: { readonly direction: Direction; readonly list: string },
  ): Promise<void> {
    const { networks } = await withOptions(this.#docker, container);
    for (const { networkId, networkName, endpointId } of memberships) {
      const created = networks.find((each) => each.networkId === networkId);
      const own = this.#endpoints.get(endpointId) ?? (created === undefined ? {} : ownOptionsOf(created));
      if ((own.conntrack ?? this.#networks.get(networkId)?.conntrack) !== 'off') continue;
      const where = `container ${container.name} has routed.conntrack=off on network ${networkName}`;
      const fix = 'make it again with driver-opt routed.conntrack=on';
      throw invalidOption(`routed.${direction}`, list, `${where}, and lists need connection tracking: ${fix}`);
    }
  }

  /**
   * The record comes first: an endpoint that joins from then on is closed before it is known whose it is, and one that has joined
   * already is named by Docker, or is closed as well.
   */
  async #give(
    fresh: PersistentAssignment,
    { direction, list }: { readonly direction: Direction; readonly list: string },
    listedId: string,
  ): Promise<void> {
    const before = this.#records.get(fresh.id);
    await this.#records.put({ ...(before ?? fresh), [direction]: list });
    try {
      const owners = await this.#keeper.holdUnnamed(fresh.networkId, direction);
      const named = [...owners].filter(([, { id }]) => id === fresh.containerId).map(([endpointId]) => endpointId);
      for (const endpointId of new Set([...named, listedId])) {
        if (this.#endpoints.get(endpointId) === undefined) continue;
        await this.#endpoints.filter(endpointId, direction, list);
        await this.#nameServers.learn(endpointId, fresh.containerId);
      }
    } catch (error) {
      await (before === undefined ? this.#records.remove(fresh.id) : this.#records.put(before));
      throw error;
    }
  }

  async #show(
    container: Container,
    memberships: readonly ContainerNetwork[],
    direction: Direction,
  ): Promise<FilterStatus[]> {
    const counters = await this.#filters.counters();
    return memberships.map((on) => {
      const endpoint = this.#endpoints.get(on.endpointId);
      const counted = counters.get(linkNames(on.endpointId).host);
      const { list, mode, isPending: isClosed, resolvers } = this.#inForce(container, on, direction);
      const warnings = direction === 'egress' ? this.#warningsOf(list) : [];
      return {
        container: container.name,
        network: on.networkName,
        [direction]: isClosed ? 'none' : (list ?? 'any'),
        mode,
        spoof: endpoint?.spoof ?? this.#networks.get(on.networkId)?.spoof ?? 'strict',
        ...(direction === 'egress' && list !== undefined && { resolvers: [...resolvers] }),
        ...(warnings.length > 0 && { warnings }),
        ...(counted === undefined ? {} : { counters: packetsOf(counted, direction) }),
      };
    });
  }

  /** A long list takes a while to read, and has seldom wildcards. */
  #warningsOf(list: string | undefined): string[] {
    return list?.includes('*') === true ? this.#named.warningsOf(parseAllowList(list, 'egress').names ?? []) : [];
  }

  /** Of a container that runs; or what it will have when it is started. */
  #inForce(container: Container, on: ContainerNetwork, direction: Direction): ListInForce {
    const endpoint = this.#endpoints.get(on.endpointId);
    const network = this.#networks.get(on.networkId);
    const created = endpoint === undefined ? ownOptionsOf(on) : {};
    const set = this.#records.get(assignmentId(container.id, on.networkId))?.[direction];
    const given = set ?? created[direction] ?? network?.[direction];
    const own = endpoint ?? { ...network, ...created };
    const mode = direction === 'ingress' ? own.ingressMode : own.egressMode;
    const list = listInForce(endpoint ?? { [direction]: given, ...(network && insidersOf(network)) }, direction);
    return {
      direction,
      list: list === 'any' ? undefined : list,
      mode: mode ?? 'enforce',
      isPending: isPending(endpoint, direction),
      resolvers: own.dns ?? endpoint?.givenDns ?? this.#hostResolvers(),
      ...(direction === 'egress' && {
        opened: this.#named.openings(linkNames(on.endpointId).host),
        nameOf: (address: string) => this.#named.nameOf(linkNames(on.endpointId).host, address),
      }),
      gateways: (endpoint?.addresses ?? network?.pools ?? []).map(({ gateway }) => gateway),
    };
  }

  #note(container: Container, memberships: readonly ContainerNetwork[], detail: string): void {
    for (const { networkName, endpointId } of memberships) {
      const endpoint = this.#endpoints.get(endpointId);
      this.#journal.record({
        kind: 'filtered',
        addresses: addressTexts(endpoint),
        ...(endpoint === undefined ? {} : { endpointId }),
        container: container.name,
        network: networkName,
        detail,
      });
    }
  }
}

/** A list may have tens of thousands of entries. */
function shorten(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function packetsOf(counted: FilterCounters, direction: Direction): NonNullable<FilterStatus['counters']> {
  const { examined, refused } = counted[direction];
  const count = ({ packets }: { readonly packets: bigint }): number => Number(packets);
  return { examined: count(examined), refused: count(refused), spoofed: count(counted.spoofed) };
}

function readList(text: string, direction: Direction): string {
  try {
    return text.trim().toLowerCase() === 'any' ? 'any' : formatAllowList(parseAllowList(text, direction));
  } catch (error) {
    if (isNetfilterError(error)) throw new DriverError('INVALID_OPTION', error.message, { cause: error });
    throw error;
  }
}
