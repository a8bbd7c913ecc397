import type { Listed } from '../types/common.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import type { BatchFailure, Channel, Purpose } from './channel.ts';
import { kernelError } from './kernel-error.ts';

interface Collected {
  readonly message: Uint8Array;
  readonly purpose: Purpose;
  readonly onReply: (reply: NetlinkMessage) => void;
  /** Settles the request: without an error it is done. */
  readonly settle: (error?: Error) => void;
}

/** Collects requests until {@link send}; what is asked for later, or without a lock, goes straight to `channel`. */
export class BatchChannel implements Channel {
  readonly #channel: Channel;
  #collected: Collected[] | undefined = [];

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  request<T = void>(
    message: Uint8Array,
    purpose: Purpose,
    decode?: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    const collected = this.#collected;
    if (collected === undefined) return this.#channel.request(message, purpose, decode);
    return new Promise((resolve, reject) => {
      let result: T | undefined;
      const onReply = (reply: NetlinkMessage): void => void (result = decode?.(reply));
      const settle = (error?: Error): void => {
        if (error === undefined) resolve(result);
        else reject(error);
      };
      collected.push({ message, purpose, onReply, settle });
    });
  }

  requestUnlocked<T>(
    message: Uint8Array,
    purpose: Purpose,
    decode: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    return this.#channel.requestUnlocked(message, purpose, decode);
  }

  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<Listed<T>> {
    return this.#channel.dump(message, purpose, decode);
  }

  batch(
    messages: readonly Uint8Array[],
    onReply?: (reply: NetlinkMessage, index: number) => void,
  ): Promise<readonly BatchFailure[]> {
    return this.#channel.batch(messages, onReply);
  }

  session<T>(_purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    return task(this);
  }

  /** Sends what was collected and settles each request on its own; never rejects. */
  async send(): Promise<void> {
    const requests = this.#collected ?? [];
    this.#collected = undefined;
    if (requests.length === 0) return;
    const errors = new Map<Collected, Error>();
    try {
      const failures = await this.#channel.batch(
        requests.map(({ message }) => message),
        (reply, index) => requests[index]?.onReply(reply),
      );
      for (const { index, ack } of failures) {
        const request = requests[index];
        if (request !== undefined) errors.set(request, kernelError(ack, request.purpose, request.message));
      }
    } catch (error) {
      for (const request of requests) errors.set(request, error as Error);
    }
    for (const request of requests) request.settle(errors.get(request));
  }
}
