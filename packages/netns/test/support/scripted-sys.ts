import type { Sys, Watch } from '../../src/sys/sys.ts';
import { EAGAIN } from '../../src/sys/errno.ts';
import { messages } from '../../src/codec/reader.ts';
import type { NetlinkMessage } from '../../src/codec/reader.ts';
import { NLMSG_NOOP } from '../../src/uapi/netlink.ts';
import { ackMessage } from './messages.ts';

/** Answers one request with datagrams, or with a negative errno in place of one. */
export type Answer = (request: NetlinkMessage, all: readonly NetlinkMessage[]) => readonly (Uint8Array | number)[];

/** A {@link Sys} whose kernel is a function. */
export class ScriptedSys implements Sys {
  readonly sent: NetlinkMessage[][] = [];
  readonly closed: number[] = [];
  readonly options: [level: number, option: number][] = [];
  readonly failingOptions = new Set<number>();
  /** What is there to be received. */
  readonly queue: (Uint8Array | number)[] = [];
  asyncReceives = 0;
  sendResult: number | undefined;
  inFlight = 0;
  mostInFlight = 0;
  onReadable: (() => void) | undefined;
  readonly #answer: Answer;

  constructor(answer: Answer = () => []) {
    this.#answer = answer;
  }

  socket(): number {
    return 40;
  }

  bind(): number {
    return 0;
  }

  setsockopt(_fd: number, level: number, option: number): number {
    this.options.push([level, option]);
    return this.failingOptions.has(option) ? -1 : 0;
  }

  async sendAsync(_fd: number, bytes: Uint8Array): Promise<number> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    this.inFlight -= 1;
    return this.send(_fd, bytes);
  }

  send(_fd: number, bytes: Uint8Array): number {
    if (this.sendResult !== undefined) return this.sendResult;
    const all = [...messages(bytes.slice())];
    if (all.length === 1 && all[0]!.type === NLMSG_NOOP) {
      this.queue.push(ackMessage({ sequence: all[0]!.sequence }));
      return bytes.length;
    }
    this.sent.push(all);
    this.queue.push(...this.#answer(all[all.length - 1]!, all));
    return bytes.length;
  }

  receive(_fd: number, buffer: Uint8Array): number {
    const next = this.queue.shift() ?? -EAGAIN;
    if (typeof next === 'number') return next;
    buffer.set(next);
    return next.length;
  }

  receiveAsync(fd: number, buffer: Uint8Array): Promise<number> {
    this.asyncReceives += 1;
    return Promise.resolve(this.receive(fd, buffer));
  }

  close(fd: number): number {
    this.closed.push(fd);
    return 0;
  }

  setns(): number {
    return 0;
  }

  unshare(): number {
    return 0;
  }

  mount(): number {
    return 0;
  }

  unmount(): number {
    return 0;
  }

  namespaceType(): number {
    return 0;
  }

  watch(_fd: number, onReadable: () => void): Watch {
    this.onReadable = onReadable;
    return { unref: () => undefined, close: () => (this.onReadable = undefined) };
  }
}
