import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type CallArguments,
  isPluginCallError,
  type MethodName,
  openPluginClient,
  type PluginCallError,
  type ReplyOf,
} from '@routed/plugin-protocol';
import type { CrashHost } from './crash-host.ts';
import type { DeathPoint } from './daemon-process.ts';

/** Whether the daemon is back before Docker gives up, 15 s later, or after that. */
export type Absence = 'short' | 'long';

/** Docker asks nothing more of what it was at. */
export class DockerGaveUp extends Error {
  override readonly name = 'DockerGaveUp';
}

/** How long the daemon has for what it does when it has answered. */
const QUIET_MS = 150;

/**
 * Docker's side of the sockets, with the daemon dying where it is told to.
 *
 * Docker repeats a call whose connection broke, but without its body, which the daemon has to refuse; one that found nobody is repeated as
 * it was. Source: moby pkg/plugins/client.go.
 */
export class DockerCalls {
  readonly #host: CrashHost;
  readonly #absence: Absence;
  /** What is still to come: the call that the daemon is to die in, counted from here, and where. */
  #plan: { readonly call: number; readonly point: DeathPoint } | undefined;
  #made = 0;
  /** Whether the daemon died as planned. */
  hasDied = false;

  constructor(host: CrashHost, absence: Absence = 'short') {
    this.#host = host;
    this.#absence = absence;
  }

  /** Has the daemon die in the call of this number from now on, the first being 0. */
  plan(call: number, point: DeathPoint): void {
    this.#made = 0;
    this.#plan = { call, point };
  }

  /** @throws PluginCallError as Docker would see it */
  async call<M extends MethodName>(method: M, ...args: CallArguments<M>): Promise<ReplyOf<M>> {
    if (this.hasDied && this.#absence === 'long') throw new DockerGaveUp(method);
    const isLast = await this.#countCall();
    try {
      const reply = await this.#send(method, args);
      if (isLast) await this.#awaitDeath();
      return reply;
    } catch (error) {
      if (!isPluginCallError(error) || error.code !== 'NO_REPLY') throw error;
      return await this.#repeat(method, args, error);
    }
  }

  /** Something that Docker does without a call, and that the daemon takes part in; counts as a call. */
  async during(work: () => Promise<void>): Promise<void> {
    const isLast = await this.#countCall();
    await work();
    if (isLast) await this.#awaitDeath();
  }

  /** Whether it is the one that the daemon is to die in. */
  async #countCall(): Promise<boolean> {
    if (this.#plan?.call !== this.#made++) return false;
    await this.#host.daemon.arm(this.#plan.point);
    return true;
  }

  async #send<M extends MethodName>(method: M, args: CallArguments<M>): Promise<ReplyOf<M>> {
    const client = openPluginClient({ socketPath: this.#host.socketPath });
    try {
      return await client.call(method, ...args);
    } finally {
      client.close();
    }
  }

  /** What the daemon does in the background belongs to the call. */
  async #awaitDeath(): Promise<void> {
    const quiet = new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    await Promise.race([this.#host.daemon.ended, quiet]);
    // It may be dying: then this is not answered.
    const isAlive = await this.#host.daemon.arm().then(
      () => true,
      () => false,
    );
    if (!isAlive) await this.#revive();
  }

  async #repeat<M extends MethodName>(method: M, args: CallArguments<M>, error: PluginCallError): Promise<ReplyOf<M>> {
    await this.#revive();
    if (this.#absence === 'long') throw new DockerGaveUp(method);
    const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return await this.#send(method, args);
    const { status, body } = await sendEmpty(this.#host.socketPath, method);
    if (status !== 400) throw new Error(`${method} without a body was answered ${status}: ${body}`);
    throw error;
  }

  async #revive(): Promise<void> {
    this.hasDied = true;
    await this.#host.startNext();
    await this.#awaitSocket();
  }

  async #awaitSocket(): Promise<void> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      try {
        await this.#send('NetworkDriver.EndpointOperInfo', [{ NetworkID: 'none', EndpointID: 'none' }]);
        return;
      } catch (error) {
        if (performance.now() > deadline || !this.#host.daemon.isAlive) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits for the first daemon of a host. */
  async begin(): Promise<void> {
    await this.#awaitSocket();
  }
}

async function sendEmpty(socketPath: string, method: string): Promise<{ status: number; body: string }> {
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath, method: 'POST', path: `/${method}`, headers: { 'Content-Length': 0 } });
    call.on('error', reject).on('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    call.end();
  });
}
