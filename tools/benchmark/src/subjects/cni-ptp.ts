import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, Lab } from '@routed/lab';
import type { Timings } from '../plugin/docker-calls.ts';
import { timedCommand } from '../process/timed-command.ts';
import { cniEnvironment, cniPlugins, hasCniPlugins } from './cni.ts';
import type { Subject } from './subject.ts';

/**
 * The CNI plugins ptp and host-local: two processes for each half of a cycle. They also configure the container's end,
 * which Docker does for its plugins, and delete the link while the caller waits.
 */
export class CniPtp implements Subject {
  readonly name = 'CNI ptp';
  readonly #hostNetnsPath: string;
  readonly #container: Host;
  readonly #stateDirectory: string;
  #count = 0;

  private constructor(hostNetnsPath: string, container: Host, stateDirectory: string) {
    this.#hostNetnsPath = hostNetnsPath;
    this.#container = container;
    this.#stateDirectory = stateDirectory;
  }

  /** Returns undefined where the plugins are not installed. */
  static async open(lab: Lab, host: Host): Promise<CniPtp | undefined> {
    if (!hasCniPlugins('ptp', 'host-local')) return undefined;
    const container = await lab.addHost({ engine: 'none', uplink: 'none' });
    return new CniPtp(host.netnsPath, container, await mkdtemp(join(tmpdir(), 'routed-cni-')));
  }

  async cycle(): Promise<Timings> {
    this.#count += 1;
    return { up: await this.#call('ADD'), down: await this.#call('DEL') };
  }

  settle(): Promise<Timings> {
    return Promise.resolve({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container.stop();
    await rm(this.#stateDirectory, { recursive: true });
  }

  #call(command: 'ADD' | 'DEL'): Promise<number> {
    const ipam = { type: 'host-local', subnet: '10.252.0.0/16', dataDir: this.#stateDirectory };
    return timedCommand(['nsenter', `--net=${this.#hostNetnsPath}`, '--', join(cniPlugins, 'ptp')], {
      input: JSON.stringify({ cniVersion: '0.4.0', name: 'bench', type: 'ptp', mtu: 1500, ipam }),
      env: cniEnvironment(command, `bench${this.#count}`, this.#container.netnsPath),
    });
  }
}
