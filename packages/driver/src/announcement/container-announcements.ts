import type { DockerContainers } from '@routed/docker-engine';
import type { Connections } from '@routed/netfilter';
import { askForContainer } from '../containers/find-container.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, type Endpoint } from '../endpoints/endpoint.ts';
import { DriverError } from '../ground/errors.ts';
import type { AnnouncePolicy } from '../networks/options.ts';
import type { AnnouncementReason } from './announcement.ts';
import type { Announcer } from './announcer.ts';
import type { HostDrain } from '../endpoints/host-drain.ts';

/** Whether a container is announced on one of its networks, and why. */
export interface AnnouncementStatus {
  readonly container: string;
  readonly network: string;
  readonly addresses: readonly string[];
  readonly policy: AnnouncePolicy;
  readonly isAnnounced: boolean;
  readonly reason: AnnouncementReason;
}

/** What is drained, and what connections are left. */
export interface DrainReport {
  readonly isHostDraining: boolean;
  readonly endpoints: readonly DrainingEndpoint[];
}

export interface DrainingEndpoint {
  readonly endpointId: string;
  /** The names of its container and network; absent: Docker does not answer. */
  readonly container?: string;
  readonly network?: string;
  /** True only while its withdrawal fails. */
  readonly isAnnounced: boolean;
  /** How many live connections others have to each address. */
  readonly connections: Readonly<Record<string, number>>;
}

type Names = Pick<DrainingEndpoint, 'container' | 'network'>;

interface Deps {
  readonly docker: Pick<DockerContainers, 'list'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'all'>;
  readonly announcer: Pick<Announcer, 'wish' | 'reasonOf' | 'drain' | 'drainHost' | 'isDraining'>;
  readonly hostDrain: Pick<HostDrain, 'isDraining'>;
  readonly connections: Pick<Connections, 'count'>;
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

  /** What is drained. @throws NetlinkError */
  async drains(): Promise<DrainReport> {
    const { endpoints, announcer, connections, hostDrain } = this.#deps;
    const drained = endpoints
      .all()
      .filter((endpoint) => endpoint.sandboxKey !== undefined && announcer.isDraining(endpoint));
    const counts = await connections.count(drained.flatMap(addressTexts));
    const names = drained.length === 0 ? new Map<string, Names>() : await this.#names();
    return {
      isHostDraining: hostDrain.isDraining,
      endpoints: drained.map((endpoint) => ({
        endpointId: endpoint.id,
        ...names.get(endpoint.id),
        isAnnounced: endpoint.isAnnounced ?? true,
        connections: Object.fromEntries(addressTexts(endpoint).map((address) => [address, counts.get(address) ?? 0])),
      })),
    };
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
