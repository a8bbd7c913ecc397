import { isUntracked, type Logger } from '@routed/datapath';
import type { DockerContainers } from '@routed/docker-engine';
import type { Connections } from '@routed/netfilter';
import { askForContainer } from '../containers/find-container.ts';
import type { Conflicts } from '../conflicts/conflicts.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, blocksOf, type Endpoint, type StopDrain } from '../endpoints/endpoint.ts';
import { DriverError } from '../ground/errors.ts';
import type { Journal } from '../ground/journal.ts';
import type { AnnouncementStatus, DrainingEndpoint, DrainReport, HandoverReport } from './announcement-replies.ts';
import type { AnnouncePolicy } from '../networks/options.ts';
import type { Announcer } from './announcer.ts';
import { liveConnections } from './live-connections.ts';
import type { HostDrain } from '../endpoints/host-drain.ts';

type Names = Pick<DrainingEndpoint, 'container' | 'network'>;

interface Deps {
  readonly docker: Pick<DockerContainers, 'list'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'all' | 'amend'>;
  readonly conflicts: Pick<Conflicts, 'of'>;
  readonly announcer: Pick<Announcer, 'wish' | 'follow' | 'reasonOf' | 'drain' | 'drainHost' | 'isDraining'>;
  readonly hostDrain: Pick<HostDrain, 'isDraining'>;
  readonly connections: Pick<Connections, 'count'>;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Announcements as operators ask for them: by container. */
export class ContainerAnnouncements {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Announces or withdraws a container that has `routed.announce=manual`, on its networks or one of them.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, INVALID_OPTION, DOCKER_UNREACHABLE
   */
  async set(reference: string, isWished: boolean, networkName?: string): Promise<AnnouncementStatus[]> {
    const found = await this.#find(reference, networkName);
    for (const { endpoint, container } of found) {
      const policy = endpoint.announce ?? 'always';
      if (policy !== 'manual') {
        throw new DriverError(
          'INVALID_OPTION',
          `container ${container} has routed.announce=${policy}, which decides by itself: ` +
            'give its network or endpoint routed.announce=manual',
        );
      }
    }
    for (const { endpoint } of found) await this.#deps.announcer.wish(endpoint.id, isWished);
    return await this.show(reference, networkName);
  }

  /**
   * Has a container announced by another policy, on its networks or one of them, until it leaves them: its next start takes the policy
   * of its network or endpoint again.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, DOCKER_UNREACHABLE, ANNOUNCEMENT_REFUSED
   */
  async follow(reference: string, policy: AnnouncePolicy, networkName?: string): Promise<AnnouncementStatus[]> {
    const { id } = await askForContainer(this.#deps.docker, reference);
    const found = await this.#find(reference, networkName);
    const endpointIds = found.map(({ endpoint }) => endpoint.id);
    await this.#deps.announcer.follow(id, endpointIds, policy);
    return await this.show(reference, networkName);
  }

  /** @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, DOCKER_UNREACHABLE */
  async show(reference: string, networkName?: string): Promise<AnnouncementStatus[]> {
    const found = await this.#find(reference, networkName);
    return found.map(({ endpoint, container, network }) => ({
      container,
      network,
      addresses: addressTexts(endpoint),
      policy: endpoint.announce ?? 'always',
      isAnnounced: endpoint.isAnnounced ?? true,
      reason: this.#deps.announcer.reasonOf(endpoint.id),
    }));
  }

  /**
   * Drains a container, on its networks or one of them: it is withdrawn whatever `routed.announce` says. Or ends that.
   *
   * @returns what is drained of it now
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, DOCKER_UNREACHABLE
   */
  async drain(reference: string, isDraining: boolean, networkName?: string): Promise<DrainReport> {
    const found = await this.#find(reference, networkName);
    const ids = found.map(({ endpoint }) => endpoint.id);
    await this.#deps.announcer.drain(ids, isDraining);
    const report = await this.drains();
    return { ...report, endpoints: report.endpoints.filter(({ endpointId }) => ids.includes(endpointId)) };
  }

  /** Drains all containers, also those that start from now on; or ends every drain. */
  async drainHost(isDraining: boolean): Promise<DrainReport> {
    await this.#deps.announcer.drainHost(isDraining);
    return await this.drains();
  }

  /**
   * Hands a container over, on its networks or one of them: as soon as another host announces its addresses, this one no longer does.
   *
   * @param withinMs how long to wait for the other host; absent: ends waiting. What is handed over stays so
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, DOCKER_UNREACHABLE
   */
  async handover(reference: string, withinMs?: number, networkName?: string): Promise<HandoverReport> {
    const found = await this.#find(reference, networkName);
    const handoverUntilMs = Date.now() + (withinMs ?? 0);
    for (const { endpoint } of found) {
      await this.#deps.endpoints.amend(endpoint.id, { handoverUntilMs });
      this.#noteHandover(endpoint, withinMs);
    }
    const ids = found.map(({ endpoint }) => endpoint.id);
    const { endpoints } = await this.handovers();
    return { endpoints: endpoints.filter(({ endpointId }) => ids.includes(endpointId)) };
  }

  /** What an operator hands over now, and what is handed over. @throws NetlinkError */
  async handovers(): Promise<HandoverReport> {
    const { endpoints, connections } = this.#deps;
    const handed = endpoints
      .all()
      .filter((endpoint) => endpoint.sandboxKey !== undefined)
      .filter((endpoint) => isAsked(endpoint) || addressTexts(endpoint).some((address) => this.#isHandedOver(address)));
    const counts = await connections.count(handed.flatMap(addressTexts));
    const names = handed.length === 0 ? new Map<string, Names>() : await this.#names();
    return {
      endpoints: handed.map((endpoint) => ({
        endpointId: endpoint.id,
        ...names.get(endpoint.id),
        ...(isAsked(endpoint) && { until: new Date(endpoint.handoverUntilMs ?? 0).toISOString() }),
        addresses: addressTexts(endpoint).map((address) => ({
          address,
          state: this.#isHandedOver(address) ? 'handed over' : 'waiting',
          holders: this.#deps.conflicts.of(address)?.holders ?? [],
          connections: counts.get(address) ?? 0,
        })),
      })),
    };
  }

  #noteHandover(endpoint: Endpoint, withinMs: number | undefined): void {
    const order = withinMs === undefined ? 'handover --cancel' : `handover, within ${withinMs / 1000} s`;
    const detail = `an operator: routed-plugin ${order}`;
    this.#deps.journal.record({ kind: 'ordered', addresses: addressTexts(endpoint), endpointId: endpoint.id, detail });
  }

  #isHandedOver(address: string): boolean {
    const found = this.#deps.conflicts.of(address);
    return found?.isHandover === true && found.state === 'yielded';
  }

  /** What operators drain, and what was told to stop and is drained before. @throws NetlinkError */
  async drains(): Promise<DrainReport> {
    const { endpoints, announcer, connections, hostDrain } = this.#deps;
    const drained = endpoints
      .all()
      .filter(({ sandboxKey }) => sandboxKey !== undefined)
      .filter((endpoint) => announcer.isDraining(endpoint) || endpoint.stopDrain !== undefined);
    const counts = await connections.count(drained.flatMap(addressTexts));
    const names = drained.length === 0 ? new Map<string, Names>() : await this.#names();
    return {
      isHostDraining: hostDrain.isDraining,
      endpoints: drained.map((endpoint) => ({
        endpointId: endpoint.id,
        ...names.get(endpoint.id),
        isAnnounced: endpoint.isAnnounced ?? true,
        ...(endpoint.stopDrain && { stop: stopOf(endpoint.stopDrain) }),
        ...(blocksOf(endpoint).length > 0 && { blocks: blocksOf(endpoint) }),
        ...(isUntracked(endpoint) && { isUntracked: true }),
        connections: Object.fromEntries(addressTexts(endpoint).map((address) => [address, counts.get(address) ?? 0])),
      })),
    };
  }

  /** How many live connections others have to what is drained, also at `docker stop`; undefined: the kernel could not be asked. */
  async connectionsLeft(): Promise<number | undefined> {
    const { endpoints, announcer } = this.#deps;
    const draining = endpoints.all().filter(({ id, sandboxKey }) => {
      return sandboxKey !== undefined && announcer.reasonOf(id) === 'draining';
    });
    return await liveConnections(draining.flatMap(addressTexts), this.#deps);
  }

  /** The names of containers and networks by endpoint; none while Docker does not answer. */
  async #names(): Promise<ReadonlyMap<string, Names>> {
    const containers = await this.#deps.docker.list().catch(() => []);
    return new Map(
      containers.flatMap(({ name: container, networks }) =>
        networks.map(({ endpointId, networkName: network }) => [endpointId, { container, network }] as const),
      ),
    );
  }

  async #find(
    reference: string,
    networkName: string | undefined,
  ): Promise<{ readonly endpoint: Endpoint; readonly container: string; readonly network: string }[]> {
    const { name: container, networks } = await askForContainer(this.#deps.docker, reference);
    const found = networks.flatMap(({ endpointId, networkName: network }) => {
      const endpoint = this.#deps.endpoints.get(endpointId);
      const isMeant = networkName === undefined || networkName === network;
      return endpoint === undefined || !isMeant ? [] : [{ endpoint, container, network }];
    });
    if (found.length > 0) return found;
    const which = networkName === undefined ? 'any routed network' : `a routed network "${networkName}"`;
    throw new DriverError('NETWORK_UNKNOWN', `container ${container} does not run on ${which}`);
  }
}

function stopOf({ until, isSignalSent }: StopDrain): NonNullable<DrainingEndpoint['stop']> {
  return { until: new Date(until).toISOString(), isSignalSent };
}

/** Whether an operator hands it over now. */
function isAsked({ handoverUntilMs = 0 }: Endpoint): boolean {
  return handoverUntilMs > Date.now();
}
