import type { Listed } from '../types/common.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import type { BatchFailure, BatchOptions, Channel, Purpose } from './channel.ts';
import { type Waiting, sendTogether } from './send-together.ts';

/** As many as go into one system call: while the kernel works at the first, the others are made. */
const FIRST_PART = 256;

/** Collects requests until {@link send}; what is asked for later, or without a lock, goes straight to `channel`. */
export class BatchChannel implements Channel {
  readonly #channel: Channel;
  #collected: Waiting[] | undefined = [];
  #firstPart: Promise<void> | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  request<T = void>(
    message: Uint8Array,
    purpose: Purpose,
    decode?: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    const collected = this.#collected;
    if (collected === undefined || purpose.lock === 'none') return this.#channel.request(message, purpose, decode);
    return new Promise((resolve, reject) => {
      let result: T | undefined;
      const onReply = decode && ((reply: NetlinkMessage): void => void (result = decode(reply)));
      const settle = (error?: Error): void => {
        if (error === undefined) resolve(result);
        else reject(error);
      };
      collected.push({ message, purpose, onReply, settle });
      if (collected.length === FIRST_PART) this.#firstPart ??= sendTogether(this.#channel, collected.splice(0));
    });
  }

  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<Listed<T>> {
    return this.#channel.dump(message, purpose, decode);
  }

  batch(messages: readonly Uint8Array[], options?: BatchOptions): Promise<readonly BatchFailure[]> {
    return this.#channel.batch(messages, options);
  }

  session<T>(_purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    return task(this);
  }

  /** Sends what was collected and settles each request on its own; never rejects. */
  async send(): Promise<void> {
    const requests = this.#collected ?? [];
    this.#collected = undefined;
    await this.#firstPart;
    await sendTogether(this.#channel, requests);
  }
}
