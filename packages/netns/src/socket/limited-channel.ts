import type { NetlinkMessage } from '../codec/reader.ts';
import { NetlinkError } from '../errors.ts';
import type { Listed } from '../types/common.ts';
import type { Limits } from '../types/rtnl.ts';
import type { BatchFailure, Channel, Purpose } from './channel.ts';

/** A channel that waits for no longer than it may. What the kernel was told before that, it does. */
export class LimitedChannel implements Channel {
  readonly #channel: Channel;
  readonly #limits: Limits;

  constructor(channel: Channel, limits: Limits) {
    this.#channel = channel;
    this.#limits = limits;
  }

  request<T = void>(
    message: Uint8Array,
    purpose: Purpose,
    decode?: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    return this.#within(purpose, (channel) => channel.request(message, purpose, decode));
  }

  requestUnlocked<T>(
    message: Uint8Array,
    purpose: Purpose,
    decode: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    return this.#within(purpose, (channel) => channel.requestUnlocked(message, purpose, decode));
  }

  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<Listed<T>> {
    return this.#within(purpose, (channel) => channel.dump(message, purpose, decode));
  }

  batch(
    messages: readonly Uint8Array[],
    onReply?: (reply: NetlinkMessage, index: number) => void,
  ): Promise<readonly BatchFailure[]> {
    const purpose = { operation: 'batch', subject: `of ${messages.length}` };
    return this.#within(purpose, (channel) => channel.batch(messages, onReply));
  }

  session<T>(purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    return this.#within(purpose, task);
  }

  /** Runs `task` once a socket is free, unless it is too late then. */
  async #within<T>(purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    const limit = new Limit(this.#limits, purpose);
    try {
      limit.check();
      const done = this.#channel.session(purpose, (channel) => {
        limit.check();
        return task(channel);
      });
      return await Promise.race([done, limit.reached]);
    } finally {
      limit.lift();
    }
  }
}

/** The end of one request's patience. */
class Limit {
  /** Rejects when it is too late. */
  readonly reached: Promise<never>;
  readonly #purpose: Purpose;
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #reject: (error: NetlinkError) => void = () => undefined;
  #error: NetlinkError | undefined;

  constructor({ signal, timeoutMs }: Limits, purpose: Purpose) {
    this.#purpose = purpose;
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
    this.reached = new Promise((_, reject) => (this.#reject = reject));
    // Whoever waits for the request hears of it.
    this.reached.catch(() => undefined);
    if (signal?.aborted === true) this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort);
    this.#timer = timeoutMs === undefined ? undefined : setTimeout(this.#onTimeout, timeoutMs);
  }

  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  lift(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#end({ code: 'ABORTED', errno: 0, reason: 'the caller aborted it', cause: this.#signal?.reason as unknown });
  };

  readonly #onTimeout = (): void => {
    this.#end({ code: 'ETIMEDOUT', errno: 110, reason: `not done within ${this.#timeoutMs} ms` });
  };

  #end(init: {
    readonly code: string;
    readonly errno: number;
    readonly reason: string;
    readonly cause?: unknown;
  }): void {
    this.#error ??= new NetlinkError({ ...init, ...this.#purpose });
    this.#reject(this.#error);
  }
}
