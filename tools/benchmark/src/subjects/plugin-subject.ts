import { setTimeout as sleep } from 'node:timers/promises';
import type { DockerCalls, EndpointOptions, LiveEndpoint, Timings } from '../plugin/docker-calls.ts';
import { hostLinkName } from '../plugin/link-names.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import { readProcess } from '../process/process-figures.ts';
import type { Subject } from './subject.ts';

const pollMs = 5;

/** The plugin, through its socket. */
export class PluginSubject implements Subject {
  readonly name: string;
  readonly #host: PluginHost;
  readonly #calls: DockerCalls;
  readonly #options: EndpointOptions;
  /** Cycles so far. */
  cycles = 0;
  /** Those of them, up to the last link's end, in which the daemon waited for a program that it had run. */
  cyclesWithPrograms = 0;
  #childFaults = 0;
  #last: { readonly endpoint: LiveEndpoint; readonly endedAt: number } | undefined;

  private constructor(host: PluginHost, calls: DockerCalls, name: string, options: EndpointOptions) {
    this.#host = host;
    this.#calls = calls;
    this.name = name;
    this.#options = options;
  }

  static async open(host: PluginHost, name = 'routed', options: EndpointOptions = {}): Promise<PluginSubject> {
    return new PluginSubject(host, await host.connect(), name, options);
  }

  async cycle(): Promise<Timings> {
    this.cycles += 1;
    this.#childFaults = this.#readChildFaults();
    const { endpoint, timings } = await this.#calls.cycle(this.#options);
    this.#last = { endpoint, endedAt: performance.now() };
    return timings;
  }

  async settle(): Promise<Timings> {
    if (this.#last === undefined) return {};
    const { endpoint, endedAt } = this.#last;
    const name = hostLinkName(endpoint.id);
    do await sleep(pollMs);
    while ((await this.#host.rtnl.links.get({ name })) !== undefined);
    if (this.#readChildFaults() !== this.#childFaults) this.cyclesWithPrograms += 1;
    return { 'link gone after': (performance.now() - endedAt) * 1000 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#calls.close();
    return Promise.resolve();
  }

  #readChildFaults(): number {
    return readProcess(this.#host.plugin.pid).childFaults;
  }
}
