import { HostLinks } from '@routed/datapath';
import type { DockerNetworks } from '@routed/docker-engine';
import type { Rtnl } from '@routed/netns';
import type { DockerLeases } from '../calls/docker-leases.ts';
import { isInUse } from '../endpoints/absence.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, type Endpoint } from '../endpoints/endpoint.ts';
import { DriverError } from '../ground/errors.ts';
import type { Network } from '../networks/network.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { ForgottenNetwork } from './forgotten-network.ts';
import type { StaleNetworks } from './stale-networks.ts';

interface Deps {
  readonly dockerNetworks: Pick<DockerNetworks, 'networks'>;
  readonly rtnl: Pick<Rtnl, 'links'>;
  readonly networks: Pick<NetworkRegistry, 'all'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'leave'>;
  readonly leases: Pick<DockerLeases, 'freeIfGone'>;
  readonly forgottenNetworks: Pick<StaleNetworks, 'delete'>;
}

/** An operator's wish that a network which Docker has no more is forgotten now, and not after a while. */
export class NetworkRemoval {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Frees a network with its pools and endpoints. One that Docker has, or that a running container uses, is refused.
   *
   * @param asked id or the start of it, or a subnet: Docker no longer says a name
   * @throws DriverError NETWORK_UNKNOWN, NETWORK_IN_USE, NETWORK_AMBIGUOUS
   * @throws DockerError when it does not answer: then nobody knows
   */
  async forget(asked: string): Promise<ForgottenNetwork> {
    const known = await this.#deps.dockerNetworks.networks();
    const isMeant = (id: string): boolean => asked.length >= 4 && id.startsWith(asked);
    const named = known.find(({ name }) => name === asked);
    const network = named === undefined ? this.#find(asked, isMeant) : undefined;
    const kept = named ?? known.find(({ id }) => id === network?.id);
    if (kept !== undefined || network === undefined) {
      throw inUse(`Docker has network ${kept?.name ?? asked}: remove it with docker network rm ${kept?.name ?? asked}`);
    }
    const own = this.#deps.endpoints.all().filter(({ networkId }) => networkId === network.id);
    await this.#refuseUsed(own);
    for (const { id } of own) {
      await this.#deps.endpoints.leave(id);
      await this.#deps.leases.freeIfGone(id, 0, 'an operator: routed-plugin network forget');
    }
    await this.#deps.forgottenNetworks.delete(network);
    return { networkId: network.id, prefixes: network.pools.map(({ prefix }) => prefix), endpoints: own.length };
  }

  #find(asked: string, isMeant: (id: string) => boolean): Network {
    const all = this.#deps.networks.all();
    const found = all.filter(({ id, pools }) => isMeant(id) || pools.some(({ prefix }) => prefix === asked));
    const [network, other] = found;
    const list = (networks: readonly Network[]): string =>
      networks
        .map(({ id, pools }) => `${id.slice(0, 12)} (${pools.map(({ prefix }) => prefix).join(', ')})`)
        .join(', ');
    if (other !== undefined) {
      throw new DriverError(
        'NETWORK_AMBIGUOUS',
        `several networks match "${asked}": ${list(found)}; give more of the id`,
      );
    }
    if (network !== undefined) return network;
    const names = all.length === 0 ? 'none' : list(all);
    throw new DriverError('NETWORK_UNKNOWN', `no network "${asked}" by id or subnet (there are: ${names})`);
  }

  /** The kernel says it: Docker does not know the network. */
  async #refuseUsed(endpoints: readonly Endpoint[]): Promise<void> {
    if (endpoints.length === 0) return;
    const links = new HostLinks(await this.#deps.rtnl.links.list({ kind: 'veth' }));
    const used = endpoints.filter(({ id }) => {
      const link = links.of(id);
      return link !== undefined && isInUse(link);
    });
    if (used.length === 0) return;
    throw inUse(`running containers have ${used.flatMap(addressTexts).join(', ')}: stop them first`);
  }
}

function inUse(reason: string): DriverError {
  return new DriverError('NETWORK_IN_USE', `the network is in use and was not forgotten: ${reason}`);
}
