import { randomBytes } from 'node:crypto';
import { openPluginClient, type PluginClient } from '@routed/plugin-protocol';
import type { ClusterHost } from '@routed/lab';
import { inParallel } from '../../support/in-parallel.ts';

/** A container as the plugin knows it. */
export interface Container {
  readonly id: string;
  readonly address: string;
}

export interface NetworkWish {
  readonly subnet: string;
  /** As `docker network create -o`. */
  readonly options?: Readonly<Record<string, string>>;
}

/**
 * Docker's calls to the plugin of one host, without Docker: many containers in little time, and two hosts at the same
 * moment. A container's end of its link stays on the host.
 */
export class DockerCalls {
  readonly #client: PluginClient;
  readonly #networkId = randomBytes(32).toString('hex');
  readonly #poolId: string;
  readonly #containers = new Set<Container>();

  private constructor(client: PluginClient, poolId: string) {
    this.#client = client;
    this.#poolId = poolId;
  }

  /** As `docker network create`. */
  static async createNetwork({ host }: ClusterHost, { subnet, options = {} }: NetworkWish): Promise<DockerCalls> {
    const client = openPluginClient({ socketPath: host.outsidePath(`${host.pluginDir}/routed.sock`) });
    const { LocalDefaultAddressSpace: AddressSpace = '' } = await client.call('IpamDriver.GetDefaultAddressSpaces');
    const asked = { AddressSpace, Pool: subnet, SubPool: '', Options: {}, V6: false };
    const { PoolID, Pool, Data } = await client.call('IpamDriver.RequestPool', asked);
    const calls = new DockerCalls(client, PoolID);
    await client.call('NetworkDriver.CreateNetwork', {
      NetworkID: calls.#networkId,
      Options: { 'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': options },
      IPv4Data: [{ AddressSpace, Pool, Gateway: Data?.['com.docker.network.gateway'] ?? '', AuxAddresses: {} }],
      IPv6Data: [],
    });
    return calls;
  }

  /** Everything that comes before the start of a container, with this address or any. */
  async prepare(address = ''): Promise<Container> {
    const reply = await this.#client.call('IpamDriver.RequestAddress', {
      PoolID: this.#poolId,
      Address: address,
      Options: {},
    });
    const container = { id: randomBytes(32).toString('hex'), address: reply.Address.replace('/32', '') };
    await this.#client.call('NetworkDriver.CreateEndpoint', {
      ...this.#reference(container),
      Interface: { Address: reply.Address, AddressIPv6: '', MacAddress: '' },
      Options: {},
    });
    this.#containers.add(container);
    return container;
  }

  /** Starts a prepared container: its address is announced. */
  async join(container: Container): Promise<void> {
    const SandboxKey = `/var/run/docker/netns/${container.id.slice(0, 12)}`;
    await this.#client.call('NetworkDriver.Join', { ...this.#reference(container), SandboxKey, Options: {} });
  }

  /** As `docker run --ip`. A container that does not start is removed. */
  async run(address?: string): Promise<Container> {
    const container = await this.prepare(address);
    try {
      await this.join(container);
    } catch (error) {
      await this.remove(container);
      throw error;
    }
    return container;
  }

  /** As `docker rm --force`. */
  async remove(container: Container): Promise<void> {
    await this.#client.call('NetworkDriver.Leave', this.#reference(container));
    await this.#client.call('NetworkDriver.DeleteEndpoint', this.#reference(container));
    await this.#client.call('IpamDriver.ReleaseAddress', { PoolID: this.#poolId, Address: container.address });
    this.#containers.delete(container);
  }

  /** Removes the containers that are left, and the network. */
  async close(): Promise<void> {
    await inParallel(this.#containers.values(), (container) => this.remove(container));
    await this.#client.call('NetworkDriver.DeleteNetwork', { NetworkID: this.#networkId });
    await this.#client.call('IpamDriver.ReleasePool', { PoolID: this.#poolId });
    this.#client.close();
  }

  #reference({ id }: Container): { readonly NetworkID: string; readonly EndpointID: string } {
    return { NetworkID: this.#networkId, EndpointID: id };
  }
}
