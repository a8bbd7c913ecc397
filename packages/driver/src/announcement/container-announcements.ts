import { allAddresses } from '@routed/datapath';
import type { DockerContainers } from '@routed/docker-engine';
import { askForContainer } from '../containers/find-container.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { DriverError } from '../ground/errors.ts';
import type { AnnouncePolicy } from '../networks/options.ts';
import type { AnnouncementReason } from './announcement.ts';
import type { Announcer } from './announcer.ts';

/** Whether a container is announced on one of its networks, and why. */
export interface AnnouncementStatus {
  readonly container: string;
  readonly network: string;
  readonly addresses: readonly string[];
  readonly policy: AnnouncePolicy;
  readonly isAnnounced: boolean;
  readonly reason: AnnouncementReason;
}

interface Deps {
  readonly docker: Pick<DockerContainers, 'list'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get'>;
  readonly announcer: Pick<Announcer, 'wish' | 'reasonOf'>;
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
      addresses: allAddresses(endpoint).map(({ address }) => address),
      policy: endpoint.announce ?? 'always',
      isAnnounced: endpoint.isAnnounced ?? true,
      reason: this.#deps.announcer.reasonOf(endpoint.id),
    }));
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
