import { EventEmitter } from 'node:events';

import { type NetlinkMessage, messages } from '../codec/reader.ts';
import { isNetlinkError } from '../errors.ts';
import { systemError } from '../socket/kernel-error.ts';
import type { Sys } from '../sys/sys.ts';
import type { Monitor, MonitorEvents } from '../types/monitor.ts';
import { DatagramReader } from './datagram-reader.ts';
import { decodeEvent } from './decode-event.ts';

/** {@link Monitor} over a multicast socket. */
export class KernelMonitor extends EventEmitter<MonitorEvents> implements Monitor {
  readonly #reader: DatagramReader;

  /** Takes over `fd`, a bound socket. */
  constructor(sys: Sys, fd: number) {
    super();
    this.#reader = new DatagramReader(sys, fd, {
      onDatagram: (datagram) => this.#report(datagram),
      onOverrun: () => this.emit('overrun'),
      onFailure: (errno) =>
        this.emit('error', systemError(errno, { operation: 'monitor.receive', subject: '' }, 'recv')),
    });
  }

  unref(): this {
    this.#reader.unref();
    return this;
  }

  close(): Promise<void> {
    this.#reader.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #report(datagram: Uint8Array): void {
    // Decoded before the first listener runs: it may make the buffer be received into again.
    const events = this.#decode(datagram);
    if (events === undefined) {
      this.emit('overrun');
      return;
    }
    for (const event of events) {
      if (this.#reader.isClosed) return;
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
          break;
        case 'rule':
          this.emit('rule', event.data);
          break;
        case 'netconf':
          this.emit('netconf', event.data);
          break;
        case 'tc':
          this.emit('tc', event.data);
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
