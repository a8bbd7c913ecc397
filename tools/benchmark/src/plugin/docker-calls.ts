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
    const { address, us: leased } = await this.request();
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
    const asked = await this.askOperInfo(id);
    const timings = {
      RequestAddress: leased,
      CreateEndpoint: created.us,
      Join: joined.us,
      EndpointOperInfo: asked,
    };
    return { endpoint: { id, address }, timings };
  }

  /** A container ends; `onDeleted` is told when DeleteEndpoint has been answered. */
  async down({ id, address }: LiveEndpoint, onDeleted?: (id: string) => void): Promise<Timings> {
    const reference = { NetworkID: this.#network.networkId, EndpointID: id };
    const left = await this.#client.call('NetworkDriver.Leave', reference);
    const deleted = await this.#client.call('NetworkDriver.DeleteEndpoint', reference);
    onDeleted?.(id);
    const released = await this.release(address);
    return { Leave: left.us, DeleteEndpoint: deleted.us, ReleaseAddress: released };
  }

  /** Leases the next free address; answers it with the microseconds it took. */
  async request(): Promise<{ readonly address: string; readonly us: number }> {
    const request = { PoolID: this.#network.poolId, Address: '', Options: {} };
    const { reply, us } = await this.#client.call('IpamDriver.RequestAddress', request);
    return { address: reply.Address, us };
  }

  /** Gives an address back; answers the microseconds it took. */
  async release(address: string): Promise<number> {
    const request = { PoolID: this.#network.poolId, Address: address.replace(/\/\d+$/, '') };
    const { us } = await this.#client.call('IpamDriver.ReleaseAddress', request);
    return us;
  }

  /** A call that is answered once the daemon has taken up its state, for an endpoint that need not exist. */
  async askOperInfo(id: string): Promise<number> {
    const { us } = await this.#client.call('NetworkDriver.EndpointOperInfo', {
      NetworkID: this.#network.networkId,
      EndpointID: id,
    });
    return us;
  }

  close(): void {
    this.#client.close();
  }
}
