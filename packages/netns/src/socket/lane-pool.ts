import type { Listed } from '../types/common.ts';
import { NetlinkError } from '../errors.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import type { BatchFailure, Channel, Purpose } from './channel.ts';
import type { NetlinkSocket } from './netlink-socket.ts';

/** Shares a few sockets among any number of callers: one request at a time on each, the rest wait their turn. */
export class LanePool implements Channel {
  readonly #idle: NetlinkSocket[];
  readonly #lanes: readonly NetlinkSocket[];
  readonly #waiting: ((lane: NetlinkSocket) => void)[] = [];
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
    return this.#use(purpose, (lane) => lane.request(message, purpose, decode));
  }

  requestUnlocked<T>(
    message: Uint8Array,
    purpose: Purpose,
    decode: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    return this.#use(purpose, (lane) => lane.requestUnlocked(message, purpose, decode));
  }

  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<Listed<T>> {
    return this.#use(purpose, (lane) => lane.dump(message, purpose, decode));
  }

  batch(
    messages: readonly Uint8Array[],
    onReply?: (reply: NetlinkMessage, index: number) => void,
  ): Promise<readonly BatchFailure[]> {
    return this.#use({ operation: 'batch', subject: `of ${messages.length}` }, (lane) => lane.batch(messages, onReply));
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
    if (this.#idle.length < this.#lanes.length) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    for (const lane of this.#lanes) lane.close();
  }

  async #use<T>(purpose: Purpose, task: (lane: NetlinkSocket) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      throw new NetlinkError({ code: 'CLOSED', errno: 0, ...purpose, reason: 'the connection was closed' });
    }
    const lane = this.#idle.pop() ?? (await new Promise<NetlinkSocket>((resolve) => this.#waiting.push(resolve)));
    try {
      return await task(lane);
    } finally {
      this.#release(lane);
    }
  }

  #release(lane: NetlinkSocket): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next(lane);
      return;
    }
    this.#idle.push(lane);
    if (this.#idle.length === this.#lanes.length) this.#onIdle?.();
  }
}
