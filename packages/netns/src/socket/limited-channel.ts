import type { NetlinkMessage } from '../codec/reader.ts';
import type { Listed } from '../types/common.ts';
import type { Limits } from '../types/rtnl.ts';
import { type BatchFailure, type BatchOptions, batchPurpose, type Channel, type Purpose } from './channel.ts';
import { withinLimits } from './limit.ts';

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

  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<Listed<T>> {
    return this.#within(purpose, (channel) => channel.dump(message, purpose, decode));
  }

  batch(messages: readonly Uint8Array[], options: BatchOptions = {}): Promise<readonly BatchFailure[]> {
    return this.#within(batchPurpose(messages.length, options.lock), (channel) => channel.batch(messages, options));
  }

  session<T>(purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    return this.#within(purpose, task);
  }

  /** Runs `task` once a socket is free, unless it is too late then. */
  #within<T>(purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    return withinLimits(this.#limits, purpose, (limit) =>
      this.#channel.session(purpose, (channel) => {
        limit.check();
        return task(channel);
      }),
    );
  }
}
