import { EventEmitter } from 'node:events';

import { decodeAck } from '../codec/ack.ts';
import { messages, type NetlinkMessage } from '../codec/reader.ts';
import { isLittleEndian } from '../codec/writer.ts';
import { isNetlinkError, NetlinkError } from '../errors.ts';
import { DatagramReader } from '../monitor/datagram-reader.ts';
import type { Purpose } from '../socket/channel.ts';
import { kernelError, systemError } from '../socket/kernel-error.ts';
import type { Sys } from '../sys/sys.ts';
import { NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR } from '../uapi/netlink.ts';
import type { NfnetlinkPort, NfnetlinkPortEvents } from './contract.ts';

/** A packet has at most 64 KiB; what the kernel says of it takes less than the rest. */
const RECEIVE_BYTES = 128 * 1024;
const RECEIVE: Purpose = { operation: 'nfnetlink.receive', subject: '' };

interface Waiting {
  readonly message: Uint8Array;
  readonly purpose: Purpose;
  readonly resolve: () => void;
  readonly reject: (error: NetlinkError) => void;
}

/** {@link NfnetlinkPort} over one socket. */
export class KernelNfnetlinkPort extends EventEmitter<NfnetlinkPortEvents> implements NfnetlinkPort {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #reader: DatagramReader;
  /** Requests under way, by sequence number. What is sent without one has the number 0. */
  readonly #waiting = new Map<number, Waiting>();
  #sequence = 0;

  /** Takes over `fd`, a bound socket. */
  constructor(sys: Sys, fd: number) {
    super();
    this.#sys = sys;
    this.#fd = fd;
    const listener = {
      onDatagram: (datagram: Uint8Array) => this.#report(datagram),
      onOverrun: () => this.emit('overrun'),
      onFailure: (errno: number) => {
        const error = systemError(errno, RECEIVE, 'recv');
        this.#giveUp(() => error);
        this.emit('error', error);
      },
    };
    this.#reader = new DatagramReader(sys, fd, listener, RECEIVE_BYTES);
  }

  request(message: Uint8Array, purpose: Purpose): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sequence = (this.#sequence % 0xffff_ffff) + 1;
      const sequence = this.#sequence;
      this.#waiting.set(sequence, { message, purpose, resolve, reject });
      try {
        this.#write([message], purpose, NLM_F_REQUEST | NLM_F_ACK, sequence);
      } catch (error) {
        this.#waiting.delete(sequence);
        throw error;
      }
    });
  }

  send(requests: readonly Uint8Array[], purpose: Purpose): void {
    if (requests.length > 0) this.#write(requests, purpose, NLM_F_REQUEST, 0);
  }

  unref(): this {
    this.#reader.unref();
    return this;
  }

  close(): Promise<void> {
    this.#reader.close();
    this.#giveUp(closed);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #write(requests: readonly Uint8Array[], purpose: Purpose, flags: number, sequence: number): void {
    if (this.#reader.isClosed) throw closed(purpose);
    const bytes = new Uint8Array(requests.reduce((length, request) => length + request.length, 0));
    const view = new DataView(bytes.buffer);
    let offset = 0;
    for (const request of requests) {
      bytes.set(request, offset);
      view.setUint16(offset + 6, view.getUint16(offset + 6, isLittleEndian) | flags, isLittleEndian);
      view.setUint32(offset + 8, sequence, isLittleEndian);
      offset += request.length;
    }
    const sent = this.#sys.send(this.#fd, bytes);
    if (sent < 0) throw systemError(-sent, purpose, 'send');
  }

  #report(datagram: Uint8Array): void {
    try {
      const others = [...messages(datagram)].filter((message) => !this.#settle(message));
      if (others.length > 0) this.emit('messages', others);
    } catch (error) {
      // What cannot be read is lost.
      if (!isNetlinkError(error, 'EBADMSG')) throw error;
      this.emit('overrun');
    }
  }

  /** Whether the message ends a request, or is about one that nobody waits for. */
  #settle(reply: NetlinkMessage): boolean {
    if (reply.type !== NLMSG_ERROR) return false;
    const waiting = this.#waiting.get(reply.sequence);
    this.#waiting.delete(reply.sequence);
    const ack = decodeAck(reply);
    if (ack.errno === 0) waiting?.resolve();
    else waiting?.reject(kernelError(ack, waiting.purpose, waiting.message));
    return true;
  }

  #giveUp(why: (purpose: Purpose) => NetlinkError): void {
    for (const { purpose, reject } of this.#waiting.values()) reject(why(purpose));
    this.#waiting.clear();
  }
}

function closed(purpose: Purpose): NetlinkError {
  return new NetlinkError({ code: 'CLOSED', errno: 0, ...purpose, reason: 'the port was closed' });
}
