import { randomBytes } from 'node:crypto';
import type { NetworkIds } from './network.ts';
import { WireClient } from './wire-client.ts';

/** Microseconds of each step of some work. */
export type Timings = Readonly<Record<string, number>>;

/** An endpoint that is up. */
export interface LiveEndpoint {
  readonly id: string;
  readonly address: string;
}

const sandboxOptions = { 'com.docker.network.endpoint.exposedports': [], 'com.docker.network.portmap': [] };

/** The calls that Docker makes when a container comes and goes, in its order. */
export class DockerCalls {
  readonly #client: WireClient;
  readonly #network: NetworkIds;

  private constructor(client: WireClient, network: NetworkIds) {
    this.#client = client;
    this.#network = network;
  }

  static async connect(socketPath: string, network: NetworkIds): Promise<DockerCalls> {
    return new DockerCalls(await WireClient.connect(socketPath), network);
  }

  /** A container starts. */
  async up(): Promise<{ readonly endpoint: LiveEndpoint; readonly timings: Timings }> {
    const id = randomBytes(32).toString('hex');
    const reference = { NetworkID: this.#network.networkId, EndpointID: id };
    const leased = await this.#client.call('IpamDriver.RequestAddress', {
      PoolID: this.#network.poolId,
      Address: '',
      Options: {},
    });
    const address = leased.reply.Address;
    const created = await this.#client.call('NetworkDriver.CreateEndpoint', {
      ...reference,
      Interface: { Address: address, AddressIPv6: '', MacAddress: '' },
      Options: sandboxOptions,
    });
    const joined = await this.#client.call('NetworkDriver.Join', {
      ...reference,
      SandboxKey: `/var/run/docker/netns/${id.slice(0, 12)}`,
      Options: sandboxOptions,
    });
    const asked = await this.#client.call('NetworkDriver.EndpointOperInfo', reference);
    const timings = {
      RequestAddress: leased.us,
      CreateEndpoint: created.us,
      Join: joined.us,
      EndpointOperInfo: asked.us,
    };
    return { endpoint: { id, address }, timings };
  }

  /** A container ends. */
  async down({ id, address }: LiveEndpoint): Promise<Timings> {
    const reference = { NetworkID: this.#network.networkId, EndpointID: id };
    const left = await this.#client.call('NetworkDriver.Leave', reference);
    const deleted = await this.#client.call('NetworkDriver.DeleteEndpoint', reference);
    const released = await this.#client.call('IpamDriver.ReleaseAddress', {
      PoolID: this.#network.poolId,
      Address: address.replace(/\/\d+$/, ''),
    });
    return { Leave: left.us, DeleteEndpoint: deleted.us, ReleaseAddress: released.us };
  }

  close(): void {
    this.#client.close();
  }
}
