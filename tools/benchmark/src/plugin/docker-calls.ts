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

/** `--network name=…,driver-opt=…` of `docker run`. */
export type EndpointOptions = Readonly<Record<string, string>>;

/** Adds up some of the steps. */
export function sum(timings: Timings, ...steps: readonly string[]): number {
  return steps.reduce((total, step) => total + (timings[step] ?? 0), 0);
}

const sandboxOptions = { 'com.docker.network.endpoint.exposedports': [], 'com.docker.network.portmap': [] };

/** The calls that Docker makes when a container comes and goes, in its order. */
export class DockerCalls implements Disposable {
  readonly #client: WireClient;
  readonly #network: NetworkIds;

  private constructor(client: WireClient, network: NetworkIds) {
    this.#client = client;
    this.#network = network;
  }

  static async connect(socketPath: string, network: NetworkIds): Promise<DockerCalls> {
    return new DockerCalls(await WireClient.connect(socketPath), network);
  }

  /** A container starts, with driver options of its own. */
  async up(options: EndpointOptions = {}): Promise<{ readonly endpoint: LiveEndpoint; readonly timings: Timings }> {
    const id = randomBytes(32).toString('hex');
    const { address, us: RequestAddress } = await this.request();
    const CreateEndpoint = await this.create({ id, address }, options);
    const Join = await this.join(id);
    const EndpointOperInfo = await this.askOperInfo(id);
    return { endpoint: { id, address }, timings: { RequestAddress, CreateEndpoint, Join, EndpointOperInfo } };
  }

  /** A container ends; `onDeleted` is told when DeleteEndpoint has been answered. */
  async down({ id, address }: LiveEndpoint, onDeleted?: (id: string) => void): Promise<Timings> {
    const Leave = await this.leave(id);
    const DeleteEndpoint = await this.delete(id);
    onDeleted?.(id);
    const ReleaseAddress = await this.release(address);
    return { Leave, DeleteEndpoint, ReleaseAddress };
  }

  /** A container starts and ends: the time of each call, and the sums by which subjects are compared. */
  async cycle(options: EndpointOptions = {}): Promise<{ readonly endpoint: LiveEndpoint; readonly timings: Timings }> {
    const { endpoint, timings: up } = await this.up(options);
    const all = { ...up, ...(await this.down(endpoint)) };
    return {
      endpoint,
      timings: {
        ...all,
        // EndpointOperInfo does nothing: what a call costs without its work.
        up: sum(all, 'RequestAddress', 'CreateEndpoint', 'Join'),
        down: sum(all, 'Leave', 'DeleteEndpoint', 'ReleaseAddress'),
        'all calls': sum(all, ...Object.keys(all)),
      },
    };
  }

  // Each call alone; those that answer nothing of interest return the microseconds they took.

  /** Leases the next free address. */
  async request(): Promise<{ readonly address: string; readonly us: number }> {
    const request = { PoolID: this.#network.poolId, Address: '', Options: {} };
    const { reply, us } = await this.#client.call('IpamDriver.RequestAddress', request);
    return { address: reply.Address, us };
  }

  async release(address: string): Promise<number> {
    const request = { PoolID: this.#network.poolId, Address: address.replace(/\/\d+$/, '') };
    return (await this.#client.call('IpamDriver.ReleaseAddress', request)).us;
  }

  async create({ id, address }: LiveEndpoint, options: EndpointOptions = {}): Promise<number> {
    const Interface = { Address: address, AddressIPv6: '', MacAddress: '' };
    const request = { ...this.#reference(id), Interface, Options: { ...sandboxOptions, ...options } };
    return (await this.#client.call('NetworkDriver.CreateEndpoint', request)).us;
  }

  async join(id: string): Promise<number> {
    const SandboxKey = `/var/run/docker/netns/${id.slice(0, 12)}`;
    const request = { ...this.#reference(id), SandboxKey, Options: sandboxOptions };
    return (await this.#client.call('NetworkDriver.Join', request)).us;
  }

  /** Answered once the daemon has taken up its state; the endpoint need not exist. */
  async askOperInfo(id: string): Promise<number> {
    return (await this.#client.call('NetworkDriver.EndpointOperInfo', this.#reference(id))).us;
  }

  async leave(id: string): Promise<number> {
    return (await this.#client.call('NetworkDriver.Leave', this.#reference(id))).us;
  }

  async delete(id: string): Promise<number> {
    return (await this.#client.call('NetworkDriver.DeleteEndpoint', this.#reference(id))).us;
  }

  close(): void {
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #reference(id: string): { readonly NetworkID: string; readonly EndpointID: string } {
    return { NetworkID: this.#network.networkId, EndpointID: id };
  }
}
