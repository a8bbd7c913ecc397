import type { DockerCalls, Timings } from '../plugin/docker-calls.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import type { Subject } from './subject.ts';

/** An address is leased and given back; the plugin does no more. */
export class AddressSubject implements Subject {
  readonly name: string;
  readonly #calls: DockerCalls;

  private constructor(calls: DockerCalls, name: string) {
    this.#calls = calls;
    this.name = name;
  }

  static async open(host: PluginHost, name: string): Promise<AddressSubject> {
    return new AddressSubject(await host.connect(), name);
  }

  async cycle(): Promise<Timings> {
    const { address, us } = await this.#calls.request();
    return { RequestAddress: us, ReleaseAddress: await this.#calls.release(address) };
  }

  settle(): Promise<Timings> {
    return Promise.resolve({});
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#calls.close();
    return Promise.resolve();
  }
}
