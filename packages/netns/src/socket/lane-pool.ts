import type { Listed } from '../types/common.ts';
import { NetlinkError } from '../errors.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import { type BatchFailure, type BatchOptions, batchPurpose, type Channel, type Purpose } from './channel.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import { type Waiting, sendTogether } from './send-together.ts';

/**
 * Shares a few sockets among any number of callers: one request at a time on each, the rest wait their turn. Short ones that
 * wait for the same turn are sent together.
 */
export class LanePool implements Channel {
  readonly #idle: NetlinkSocket[];
  readonly #lanes: readonly NetlinkSocket[];
  readonly #waiting: ((lane: NetlinkSocket) => void)[] = [];
  /** Short requests for the next lane that is free. */
  #gathered: Waiting[] = [];
  /** What was asked for and is not done. */
  #open = 0;
  #onIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** Takes over `lanes`. */
  constructor(lanes: readonly NetlinkSocket[]) {
    this.#lanes = lanes;
    this.#idle = [...lanes];
  }

  request<T = void>(
    message: Uint8Array,
    purpose: Purpose,
    decode?: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    // With answers they would not fit into the receive buffer together.
    if (purpose.lock === 'brief' && decode === undefined && this.#closing === undefined)
      return this.#gather(message, purpose);
    return this.#use(purpose, (lane) => lane.request(message, purpose, decode));
  }

  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<Listed<T>> {
    return this.#use(purpose, (lane) => lane.dump(message, purpose, decode));
  }

  batch(messages: readonly Uint8Array[], options: BatchOptions = {}): Promise<readonly BatchFailure[]> {
    return this.#use(batchPurpose(messages.length, options.lock), (lane) => lane.batch(messages, options));
  }

  session<T>(purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    return this.#use(purpose, task);
  }

  /** Waits for what is under way and queued, then closes the sockets. */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    for (const lane of this.#lanes) lane.close();
  }

  /** Sends a request with those that are asked for before a lane is free, and in the same turn. */
  #gather(message: Uint8Array, purpose: Purpose): Promise<undefined> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        if (error === undefined) resolve(undefined);
        else reject(error);
      };
      this.#gathered.push({ message, purpose, settle });
      if (this.#gathered.length === 1) void this.#use(purpose, (lane) => this.#sendGathered(lane)).catch(settle);
    });
  }

  async #sendGathered(lane: NetlinkSocket): Promise<void> {
    // To the end of what the caller does at once.
    await Promise.resolve();
    const [first, ...others] = this.#gathered;
    this.#gathered = [];
    if (first === undefined) return;
    if (others.length > 0) return sendTogether(lane, [first, ...others]);
    await lane.request(first.message, first.purpose).then(() => first.settle(), first.settle);
  }

  async #use<T>(purpose: Purpose, task: (lane: NetlinkSocket) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      throw new NetlinkError({ code: 'CLOSED', errno: 0, ...purpose, reason: 'the connection was closed' });
    }
    this.#open += 1;
    try {
      const lane = this.#idle.pop() ?? (await new Promise<NetlinkSocket>((resolve) => this.#waiting.push(resolve)));
      try {
        return await task(lane);
      } finally {
        this.#release(lane);
      }
    } finally {
      this.#open -= 1;
      if (this.#open === 0) this.#onIdle?.();
    }
  }

  #release(lane: NetlinkSocket): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(lane);
    else next(lane);
  }
}
