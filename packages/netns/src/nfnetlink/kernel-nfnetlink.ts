import type { NetlinkMessage } from '../codec/reader.ts';
import { NetlinkError } from '../errors.ts';
import type { Purpose } from '../socket/channel.ts';
import { kernelError } from '../socket/kernel-error.ts';
import type { NetlinkSocket } from '../socket/netlink-socket.ts';
import { EINTR } from '../sys/errno.ts';
import type { Nfnetlink } from './contract.ts';
import { batchOf } from './batch.ts';

/** {@link Nfnetlink} over one socket; the kernel lets one transaction at a time in, so more would gain nothing. */
export class KernelNfnetlink implements Nfnetlink {
  readonly #socket: NetlinkSocket;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** Takes over `socket`. */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  get portId(): number | undefined {
    return this.#socket.portId;
  }

  transaction(subsystem: number, messages: readonly Uint8Array[], purpose: Purpose): Promise<void> {
    return this.#inTurn(purpose, async () => {
      const batch = batchOf(subsystem, messages);
      if (batch.length === 0) return;
      const [failure] = await this.#socket.transaction(batch, purpose);
      if (failure !== undefined) throw kernelError(failure.ack, purpose, batch[failure.index] ?? new Uint8Array());
    });
  }

  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<T[]> {
    return this.#inTurn(purpose, async () => {
      const rows = await this.#socket.dump(message, purpose, decode);
      if (rows.isInterrupted !== true) return rows;
      // Half a ruleset is not one that ever held.
      const reason = 'the tables changed during every attempt to read them';
      throw new NetlinkError({ code: 'EINTR', errno: EINTR, ...purpose, reason });
    });
  }

  each(messages: readonly Uint8Array[], purpose: Purpose): Promise<readonly NetlinkError[]> {
    return this.#inTurn(purpose, async () => {
      if (messages.length === 0) return [];
      const failures = await this.#socket.batch(messages);
      return failures.map(({ index, ack }) => kernelError(ack, purpose, messages[index] ?? new Uint8Array()));
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#socket.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inTurn<T>(purpose: Purpose, task: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      const reason = 'the connection was closed';
      return Promise.reject(new NetlinkError({ code: 'CLOSED', errno: 0, ...purpose, reason }));
    }
    const done = this.#last.then(task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
