import { EventEmitter } from 'node:events';

import { messages } from '../codec/reader.ts';
import { isNetlinkError } from '../errors.ts';
import { DatagramReader } from '../monitor/datagram-reader.ts';
import { systemError } from '../socket/kernel-error.ts';
import type { Sys } from '../sys/sys.ts';
import type { NfnetlinkMonitor, NfnetlinkMonitorEvents } from './contract.ts';

/** {@link NfnetlinkMonitor} over a multicast socket. */
export class KernelNfnetlinkMonitor extends EventEmitter<NfnetlinkMonitorEvents> implements NfnetlinkMonitor {
  readonly #reader: DatagramReader;

  /** Takes over `fd`, a bound socket. */
  constructor(sys: Sys, fd: number) {
    super();
    this.#reader = new DatagramReader(sys, fd, {
      onDatagram: (datagram) => this.#report(datagram.slice()),
      onOverrun: () => this.emit('overrun'),
      onFailure: (errno) =>
        this.emit('error', systemError(errno, { operation: 'nfnetlink.receive', subject: '' }, 'recv')),
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
