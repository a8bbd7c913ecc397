import { DockerCalls, type Timings } from '../plugin/docker-calls.ts';
import type { NetworkIds } from '../plugin/network.ts';
import type { Floor } from './floor.ts';
import type { Subject } from './subject.ts';

/** What the server is called in tables. */
export const serverName = 'C server';

/** It knows one network, and does not look which. */
const network: NetworkIds = { networkId: 'c'.repeat(64), poolId: 'c' };

/**
 * The floor's work behind Docker's calls: a C program that answers them over HTTP, validates nothing and remembers
 * nothing on disk. The floor outlives it.
 */
export class FloorServer implements Subject {
  readonly name = serverName;
  readonly #floor: Floor;
  readonly #path: string;
  readonly #calls: DockerCalls;

  private constructor(floor: Floor, path: string, calls: DockerCalls) {
    this.#floor = floor;
    this.#path = path;
    this.#calls = calls;
  }

  static async open(floor: Floor): Promise<FloorServer> {
    const path = await floor.serve();
    return new FloorServer(floor, path, await DockerCalls.connect(path, network));
  }

  /** Another connection, the caller's to close. */
  connect(): Promise<DockerCalls> {
    return DockerCalls.connect(this.#path, network);
  }

  async cycle(): Promise<Timings> {
    return (await this.#calls.cycle()).timings;
  }

  settle(): Promise<Timings> {
    return this.#floor.settle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#calls.close();
    return Promise.resolve();
  }
}
