import { EventEmitter } from 'node:events';

import { messages } from '../codec/reader.ts';
import { isNetlinkError } from '../errors.ts';
import { DatagramReader } from '../monitor/datagram-reader.ts';
import { systemError } from '../socket/kernel-error.ts';
import type { Sys } from '../sys/sys.ts';
import type { NetlinkMonitor, NetlinkMonitorEvents } from './contract.ts';

/** {@link NetlinkMonitor} over a multicast socket. */
export class KernelNetlinkMonitor extends EventEmitter<NetlinkMonitorEvents> implements NetlinkMonitor {
  readonly #reader: DatagramReader;
  #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.close();

  /** Takes over `fd`, a bound socket. `operation` is what errors call it. */
  constructor(sys: Sys, fd: number, operation: string) {
    super();
    this.#reader = new DatagramReader(sys, fd, {
      onDatagram: (datagram) => this.#report(datagram.slice()),
      onOverrun: () => this.emit('overrun'),
      onFailure: (errno) => this.emit('error', systemError(errno, { operation, subject: '' }, 'recv')),
    });
  }

  unref(): this {
    this.#reader.unref();
    return this;
  }

  /** Closes the monitor when `signal` is aborted. */
  closeOn(signal: AbortSignal): this {
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort);
    return this;
  }

  close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#reader.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #report(datagram: Uint8Array): void {
    try {
      for (const message of messages(datagram)) {
        if (this.#reader.isClosed) return;
        this.emit('message', message);
      }
    } catch (error) {
      // What cannot be read is a change not known.
      if (!isNetlinkError(error, 'EBADMSG')) throw error;
      this.emit('overrun');
    }
  }
}
