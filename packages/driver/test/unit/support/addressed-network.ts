import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './wired.ts';

export const endpointId = dockerId('c80b7eea65283f');
export const otherId = dockerId('beef');
export const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };

/** A network of two prefixes, whose containers ask for additional addresses. */
export class AddressedNetwork {
  /** The one that runs; {@link restart} starts another. */
  daemon: WiredDaemon;
  readonly poolId: string;

  private constructor(daemon: WiredDaemon, poolId: string) {
    this.daemon = daemon;
    this.poolId = poolId;
  }

  static async create(): Promise<AddressedNetwork> {
    const daemon = await wiredDaemon();
    const driverOptions = { 'routed.prefixes': '192.168.7.0/24' };
    return new AddressedNetwork(daemon, await createNetwork(daemon, { driverOptions }));
  }

  /** Starts a container with these additional addresses. */
  async start(text: string, id = endpointId, address = '10.1.0.2'): Promise<unknown> {
    const driverOptions = { 'routed.addresses': text };
    return await startContainer(this.daemon, { poolId: this.poolId, endpointId: id, address, driverOptions });
  }

  /** Ends the container that has {@link endpointId}. */
  async stop(): Promise<void> {
    await this.daemon.call('NetworkDriver.Leave', ids);
    await this.daemon.call('NetworkDriver.DeleteEndpoint', ids);
  }

  /** Ends the daemon and starts its successor. */
  async restart(): Promise<void> {
    await this.daemon.stop();
    this.daemon = await wiredDaemon({ kernel: this.daemon.kernel, state: this.daemon.state });
  }

  /** What containers have from the pools, and for what. */
  async leases(): Promise<string[]> {
    const all: string[] = [];
    for (const id of [this.poolId, 'routed-local/192.168.7.0/24']) {
      for await (const { address, purpose } of this.daemon.state.leases.loadLeases(id))
        all.push(`${address} ${purpose}`);
    }
    return all;
  }

  /** Our routes, and the neighbours, which are the same unless something is wrong. */
  async onHost(): Promise<string[]> {
    await this.daemon.reaper.flush();
    const { routes, neighbours } = this.daemon.kernel.inspect();
    const destinations = routes.filter(({ protocol }) => protocol === 200).map(({ destination }) => destination);
    const addresses = destinations.map((destination) => destination.split('/')[0]);
    expect(neighbours.map(({ address }) => address)).to.have.members(addresses);
    return destinations;
  }

  /** The additional addresses that are on record for {@link endpointId}. */
  async onRecord(): Promise<string[]> {
    const record = (await this.daemon.state.endpoints.load()).find(({ id }) => id === endpointId);
    return record?.additional.map(({ address }) => address) ?? [];
  }
}
