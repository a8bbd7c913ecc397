import type { ContainerControl } from '@routed/docker-engine';
import { isIP } from 'node:net';
import type { Logger } from '@routed/datapath';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';

/** Whether it matters which name servers Docker gave an endpoint's container: its list leaves open what it may ask. */
export function dependsOnDocker({ egress, dns }: Pick<Endpoint, 'egress' | 'dns'>): boolean {
  return egress !== undefined && dns === undefined;
}

/** Has the lists of endpoints allow the name servers that Docker gave their containers. */
export class GivenNameServers {
  readonly #docker: Pick<ContainerControl, 'inspect'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'giveNameServers'>;
  readonly #logger: Logger;

  constructor(deps: {
    readonly docker: Pick<ContainerControl, 'inspect'>;
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'giveNameServers'>;
    readonly logger: Logger;
  }) {
    this.#docker = deps.docker;
    this.#endpoints = deps.endpoints;
    this.#logger = deps.logger;
  }

  /** Asks Docker, where that matters. Never rejects: until it is known, the host's name servers are allowed. */
  async learn(endpointId: string, containerId: string): Promise<void> {
    const endpoint = this.#endpoints.get(endpointId);
    if (endpoint === undefined || !dependsOnDocker(endpoint)) return;
    try {
      const { dns = [] } = (await this.#docker.inspect(containerId)) ?? {};
      const addresses = dns.filter((address) => isIP(address) !== 0 && !address.includes('%'));
      const isThere = this.#endpoints.get(endpointId) !== undefined;
      if (isThere && addresses.length > 0) await this.#endpoints.giveNameServers(endpointId, addresses);
    } catch (error) {
      this.#logger.warn({ endpointId, err: error }, 'could not learn the name servers of a container');
    }
  }
}
