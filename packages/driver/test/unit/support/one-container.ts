import type { ContainerControl, ContainerDetails, DockerContainers, EngineNotice } from '@routed/docker-engine';
import { on, EventEmitter } from 'node:events';
import { dockerId, dockerOf } from './wired.ts';

export const endpointId = dockerId('beef');
export const containerId = dockerId('c0ffee');
export const NETWORK = dockerId('c98909');

/** Docker with one container, whose state the test sets and whose events it tells. */
export class OneContainer {
  readonly #notices = new EventEmitter();
  details: ContainerDetails = {
    id: containerId,
    name: 'web',
    networks: [{ networkName: 'web-net', networkId: NETWORK, endpointId }],
    status: 'created',
    isRunning: false,
    isPaused: false,
    startedAtMs: 0,
    stopSignal: '',
    labels: {},
  };
  /** What Docker waits for before it says how the container is. */
  answering: Promise<void> = Promise.resolve();
  readonly killed: [id: string, signalName: string][] = [];
  /** Whether signals cannot be sent. */
  isDeaf = false;
  readonly docker: DockerContainers & Pick<ContainerControl, 'inspect' | 'kill'> = {
    ...dockerOf(() => [this.details]),
    inspect: () => this.answering.then(() => this.details),
    kill: (id: string, signalName: string) => {
      if (this.isDeaf) return Promise.reject(new Error('Docker does not answer'));
      this.killed.push([id, signalName]);
      return Promise.resolve(true);
    },
  };

  async *events(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<EngineNotice, void, undefined> {
    const notices = on(this.#notices, 'notice', { signal: options.signal });
    yield { kind: 'resync', reason: 'first' };
    try {
      for await (const [notice] of notices) yield notice as EngineNotice;
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    }
  }

  tell(
    action: string,
    changes: Partial<ContainerDetails> = {},
    more: { readonly detail?: string; readonly signal?: string; readonly atMs?: number } = {},
  ): void {
    this.details = { ...this.details, ...changes };
    const attributes = more.signal === undefined ? {} : { signal: more.signal };
    const event = {
      type: 'container',
      action,
      detail: more.detail ?? '',
      id: containerId,
      attributes,
      timeNano: BigInt(more.atMs ?? Date.now()) * 1_000_000n,
    };
    this.#notices.emit('notice', { kind: 'event', event });
  }

  notice(notice: EngineNotice): void {
    this.#notices.emit('notice', notice);
  }

  start(changes: Partial<ContainerDetails> = {}): void {
    this.tell('start', { status: 'running', isRunning: true, ...changes });
  }
}
