import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Timings } from '../plugin/docker-calls.ts';
import { timedCommand } from '../process/timed-command.ts';
import { cniEnvironment, cniPlugins, hasCniPlugins } from './cni.ts';
import type { Subject } from './subject.ts';

/** The CNI plugin host-local: an address is a file, and each call a process. */
export class HostLocal implements Subject {
  readonly name = 'CNI host-local';
  readonly #stateDirectory: string;
  #count = 0;

  private constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
  }

  /** Returns undefined where the plugin is not installed. */
  static async open(): Promise<HostLocal | undefined> {
    if (!hasCniPlugins('host-local')) return undefined;
    return new HostLocal(await mkdtemp(join(tmpdir(), 'routed-cni-')));
  }

  async cycle(): Promise<Timings> {
    this.#count += 1;
    return { RequestAddress: await this.#call('ADD'), ReleaseAddress: await this.#call('DEL') };
  }

  settle(): Promise<Timings> {
    return Promise.resolve({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#stateDirectory, { recursive: true });
  }

  #call(command: 'ADD' | 'DEL'): Promise<number> {
    const ipam = { type: 'host-local', subnet: '10.240.0.0/12', dataDir: this.#stateDirectory };
    return timedCommand([join(cniPlugins, 'host-local')], {
      input: JSON.stringify({ cniVersion: '0.4.0', name: 'bench', type: 'ptp', ipam }),
      env: cniEnvironment(command, `bench${this.#count}`, '/proc/self/ns/net'),
    });
  }
}
