import { EventEmitter } from 'node:events';

import { type NetlinkMessage, messages } from '../codec/reader.ts';
import { isNetlinkError } from '../errors.ts';
import { systemError } from '../socket/kernel-error.ts';
import { EAGAIN, EINTR, ENOBUFS } from '../sys/errno.ts';
import type { Sys, Watch } from '../sys/sys.ts';
import type { Monitor, MonitorEvents } from '../types/monitor.ts';
import { MSG_DONTWAIT } from '../uapi/netlink.ts';
import { decodeEvent } from './decode-event.ts';

const RECEIVE_BYTES = 32_768;
/** At about 10 us each, this many datagrams keep the event loop busy for a millisecond; then it gets its turn. */
const DATAGRAMS_PER_TURN = 100;

/** {@link Monitor} over a multicast socket. */
export class KernelMonitor extends EventEmitter<MonitorEvents> implements Monitor {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #watch: Watch;
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  #isClosed = false;
  #isContinuing = false;

  /** Takes over `fd`, a bound socket. */
  constructor(sys: Sys, fd: number) {
    super();
    this.#sys = sys;
    this.#fd = fd;
    this.#watch = sys.watch(fd, () => {
      if (!this.#isContinuing) this.#drain();
    });
  }

  unref(): this {
    this.#watch.unref();
    return this;
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#watch.close();
      this.#sys.close(this.#fd);
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #drain(): void {
    this.#isContinuing = true;
    let isEmpty = false;
    try {
      for (let count = 0; count < DATAGRAMS_PER_TURN && !isEmpty && !this.#isClosed; count++) {
        isEmpty = !this.#receive();
      }
    } finally {
      // Also after a listener that threw: what is queued would wait for the next event otherwise.
      this.#isContinuing = !isEmpty && !this.#isClosed;
      if (this.#isContinuing) setImmediate(() => this.#drain());
    }
  }

  /** Handles one datagram; false: there is none. */
  #receive(): boolean {
    const length = this.#sys.receive(this.#fd, this.#buffer, MSG_DONTWAIT);
    if (length >= 0) this.#report(this.#buffer.subarray(0, length));
    else if (length === -ENOBUFS) this.emit('overrun');
    else if (length !== -EINTR) return this.#stopUnlessEmpty(-length);
    return true;
  }

  #stopUnlessEmpty(errno: number): false {
    if (errno === EAGAIN) return false;
    void this.close();
    this.emit('error', systemError(errno, { operation: 'monitor.receive', subject: '' }, 'recv'));
    return false;
  }

  #report(datagram: Uint8Array): void {
    // Decoded before the first listener runs: it may make the buffer be received into again.
    const events = this.#decode(datagram);
    if (events === undefined) {
      this.emit('overrun');
      return;
    }
    for (const event of events) {
      if (this.#isClosed) return;
      switch (event.name) {
        case 'link':
          this.emit('link', event.data);
          break;
        case 'address':
          this.emit('address', event.data);
          break;
        case 'route':
          this.emit('route', event.data);
          break;
        case 'neighbour':
          this.emit('neighbour', event.data);
      }
    }
  }

  /** A datagram that cannot be decoded is a change not known: `undefined`, for the caller to resynchronise. */
  #decode(datagram: Uint8Array): NonNullable<ReturnType<typeof decodeEvent>>[] | undefined {
    try {
      return [...messages(datagram)]
        .map((message: NetlinkMessage) => decodeEvent(message))
        .filter((event) => event !== undefined);
    } catch (error) {
      if (isNetlinkError(error, 'EBADMSG')) return undefined;
      throw error;
    }
  }
}
