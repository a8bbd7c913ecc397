import { type Ack, decodeAck } from '../codec/ack.ts';
import { type NetlinkMessage, messages } from '../codec/reader.ts';
import { MessageWriter, isLittleEndian } from '../codec/writer.ts';
import { NetlinkError } from '../errors.ts';
import type { Listed } from '../types/common.ts';
import { EAGAIN, EINTR, errnoName } from '../sys/errno.ts';
import { closeWhenLost, keepOpen } from '../sys/reclaim.ts';
import type { Sys } from '../sys/sys.ts';
import {
  MSG_DONTWAIT,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_NOOP,
} from '../uapi/netlink.ts';
import type { BatchFailure, Channel, Purpose } from './channel.ts';
import { kernelError, systemError } from './kernel-error.ts';
import { describeMessage } from './trace.ts';

/** The kernel fills at most this much per receive. Measured: 64 KiB are not faster. */
const RECEIVE_BYTES = 32_768;
/** Under heavy churn one dump in five is interrupted; ten in a row are then one in ten million. */
const DUMP_ATTEMPTS = 10;
/** Messages per `send`: their errors must fit the receive buffer of the socket together. */
const BATCH_SIZE = 64;

/** One netlink socket with at most one request under way; callers see to that (see LanePool). */
export class NetlinkSocket implements Channel {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  readonly #otherBuffer = new Uint8Array(RECEIVE_BYTES);
  #sequence = 0;
  #portId: number | undefined;
  #hasReceived = false;

  /** Takes over `fd`. */
  constructor(sys: Sys, fd: number, trace?: (line: string) => void) {
    this.#sys = sys;
    this.#fd = fd;
    this.#trace = trace;
    closeWhenLost(this, () => sys.close(fd));
  }

  /** As the kernel writes it into answers; undefined before the first. */
  get portId(): number | undefined {
    return this.#portId;
  }

  async request<T = void>(
    message: Uint8Array,
    purpose: Purpose,
    decode?: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    let result: T | undefined;
    const [failure] = await this.#transact([message], purpose, (reply) => (result = decode?.(reply)));
    if (failure !== undefined) throw kernelError(failure.ack, purpose, message);
    return result;
  }

  async requestUnlocked<T>(
    message: Uint8Array,
    purpose: Purpose,
    decode: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined> {
    const first = this.#sequence + 1;
    const bytes = this.#assemble([message], NLM_F_ACK);
    checkSent(this.#sys.send(this.#fd, bytes), purpose);
    let result: T | undefined;
    const [failure] = await this.#answers(first, purpose, (reply) => (result = decode(reply)));
    if (failure === undefined) return result;
    if (purpose.absent?.includes(errnoName(failure.ack.errno)) === true) return undefined;
    throw kernelError(failure.ack, purpose, message);
  }

  async batch(
    requests: readonly Uint8Array[],
    onReply?: (reply: NetlinkMessage, index: number) => void,
  ): Promise<readonly BatchFailure[]> {
    const purpose = { operation: 'batch', subject: `of ${requests.length}` };
    const failures: BatchFailure[] = [];
    for (let start = 0; start < requests.length; start += BATCH_SIZE) {
      const failed = await this.#transact(requests.slice(start, start + BATCH_SIZE), purpose, (reply, index) =>
        onReply?.(reply, index + start),
      );
      failures.push(...failed.map(({ index, ack }) => ({ index: index + start, ack })));
    }
    return failures;
  }

  session<T>(_purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T> {
    return task(this);
  }

  /**
   * Sends a batch of nfnetlink, border messages included, in one system call. The kernel applies all of it or nothing.
   * The message before the last asks for an acknowledgement; one about the first is about the batch as a whole.
   *
   * Source: linux net/netfilter/nfnetlink.c `nfnetlink_rcv_batch`.
   */
  async transaction(messages: readonly Uint8Array[], purpose: Purpose): Promise<BatchFailure[]> {
    const first = this.#sequence + 1;
    await this.#send(messages, 0, purpose);
    const acknowledged = this.#sequence - 1;
    return this.#answers(
      first,
      purpose,
      () => undefined,
      (sequence) => sequence === first || sequence === acknowledged,
    );
  }

  /** Sends a dump request and decodes the rows; starts over when the tables changed meanwhile, some times. */
  async dump<T>(
    message: Uint8Array,
    purpose: Purpose,
    decode: (row: NetlinkMessage) => T | undefined,
  ): Promise<Listed<T>> {
    this.#makeRoom(purpose);
    for (let attempt = 1; ; attempt++) {
      await this.#send([message], NLM_F_DUMP, purpose);
      const rows: Listed<T> = [];
      const collecting = this.#collect(purpose, (row) => {
        const decoded = decode(row);
        if (decoded !== undefined) rows.push(decoded);
      });
      const { ack, isInterrupted } = await collecting.finally(() => this.#discardRest());
      if (ack.errno !== 0) throw kernelError(ack, purpose, message);
      if (!isInterrupted) return rows;
      if (attempt === DUMP_ATTEMPTS) return Object.assign(rows, { isInterrupted: true } as const);
    }
  }

  /** The rows of a dump as they come, each of which may be kept; a failure, or `EINTR` for a table that changed, comes last. */
  async *rows(message: Uint8Array, purpose: Purpose): AsyncGenerator<NetlinkMessage, void, undefined> {
    this.#makeRoom(purpose);
    await this.#send([message], NLM_F_DUMP, purpose);
    let isInterrupted = false;
    let end: NetlinkMessage | undefined;
    try {
      while (end === undefined) {
        const datagram = (await this.#receiveAsync(purpose, this.#buffer)).slice();
        const part = [...messages(datagram)].filter(({ sequence }) => sequence === this.#sequence);
        isInterrupted ||= part.some(({ flags }) => (flags & NLM_F_DUMP_INTR) !== 0);
        end = part.find(isEndOfDump);
        yield* end === undefined ? part : part.slice(0, part.indexOf(end));
      }
    } finally {
      while ((await this.#sys.receiveAsync(this.#fd, this.#buffer, MSG_DONTWAIT)) > 0);
    }
    checkEnd(decodeAck(end), isInterrupted, purpose, message);
  }

  /** Call when no request is under way. */
  close(): void {
    keepOpen(this);
    this.#sys.close(this.#fd);
  }

  /**
   * Sends messages in one system call. Only the last asks for an acknowledgement: the kernel handles them in
   * order before `send` returns and reports errors anyway.
   */
  async #transact(
    requests: readonly Uint8Array[],
    purpose: Purpose,
    onReply: (reply: NetlinkMessage, index: number) => void,
  ): Promise<BatchFailure[]> {
    const first = this.#sequence + 1;
    await this.#send(requests, NLM_F_ACK, purpose);
    return this.#answers(first, purpose, onReply);
  }

  /** Receives until the acknowledgement of the last message sent, or of `isFinal`; `first` is the sequence number of the first. */
  async #answers(
    first: number,
    purpose: Purpose,
    onReply: (reply: NetlinkMessage, index: number) => void,
    isFinal: (sequence: number) => boolean = (sequence) => sequence === this.#sequence,
  ): Promise<BatchFailure[]> {
    const failures: BatchFailure[] = [];
    for (;;) {
      for (const reply of messages(await this.#receive(purpose))) {
        this.#traceLine('<', reply);
        if (reply.sequence < first || reply.sequence > this.#sequence) continue;
        this.#portId = reply.portId;
        if (reply.type !== NLMSG_ERROR) {
          onReply(reply, reply.sequence - first);
          continue;
        }
        const ack = decodeAck(reply);
        if (ack.errno !== 0) failures.push({ index: reply.sequence - first, ack });
        if (isFinal(reply.sequence)) return failures;
      }
    }
  }

  async #collect(
    purpose: Purpose,
    onRow: (row: NetlinkMessage) => void,
  ): Promise<{ readonly ack: Ack; readonly isInterrupted: boolean }> {
    let isInterrupted = false;
    // Off the loop: each receive makes the kernel fill the next part, under its locks.
    let receiving = this.#receiveAsync(purpose, this.#buffer);
    for (let isOther = true; ; isOther = !isOther) {
      const part = [...messages(await receiving)].filter(({ sequence }) => sequence === this.#sequence);
      const end = part.find(isEndOfDump);
      this.#portId = part[0]?.portId ?? this.#portId;
      // The kernel fills one buffer while what is in the other is decoded.
      if (end === undefined) receiving = this.#receiveAsync(purpose, isOther ? this.#otherBuffer : this.#buffer);
      try {
        for (const row of part) this.#traceLine('<', row);
        isInterrupted ||= part.some(({ flags }) => (flags & NLM_F_DUMP_INTR) !== 0);
        part.slice(0, end === undefined ? part.length : part.indexOf(end)).forEach(onRow);
      } catch (error) {
        await receiving.catch(() => undefined);
        throw error;
      }
      if (end !== undefined) return { ack: decodeAck(end), isInterrupted };
    }
  }

  /**
   * The kernel makes the first part of a dump of a socket that has received nothing yet 4 KiB long, of any other as long as
   * the longest buffer so far, 32 KiB at most. A row that is longer than a part, such as a route of 250 next hops, ends the
   * dump without an error. Source: linux net/netlink/af_netlink.c `netlink_dump`, `netlink_recvmsg`.
   */
  #makeRoom(purpose: Purpose): void {
    if (this.#hasReceived) return;
    const message = new MessageWriter(NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, NLMSG_HDRLEN).finish();
    checkSent(this.#sys.send(this.#fd, message), purpose);
    this.#hasReceived = this.#sys.receive(this.#fd, this.#buffer, MSG_DONTWAIT) > 0;
  }

  /** A dump that was given up half-way would make the kernel refuse the next one on this socket with EBUSY. */
  #discardRest(): void {
    while (this.#sys.receive(this.#fd, this.#buffer, MSG_DONTWAIT) > 0);
  }

  async #send(requests: readonly Uint8Array[], lastFlags: number, purpose: Purpose): Promise<void> {
    checkSent(await this.#sys.sendAsync(this.#fd, this.#assemble(requests, lastFlags)), purpose);
  }

  /** The messages one after another, numbered; the last one with `lastFlags`. */
  #assemble(requests: readonly Uint8Array[], lastFlags: number): Uint8Array {
    const bytes = new Uint8Array(requests.reduce((length, request) => length + request.length, 0));
    const view = new DataView(bytes.buffer);
    let offset = 0;
    requests.forEach((request, index) => {
      bytes.set(request, offset);
      const flags = index === requests.length - 1 ? NLM_F_REQUEST | lastFlags : NLM_F_REQUEST;
      view.setUint16(offset + 6, view.getUint16(offset + 6, isLittleEndian) | flags, isLittleEndian);
      this.#sequence = (this.#sequence + 1) >>> 0;
      view.setUint32(offset + 8, this.#sequence, isLittleEndian);
      offset += request.length;
    });
    if (this.#trace !== undefined) for (const message of messages(bytes)) this.#traceLine('>', message);
    return bytes;
  }

  /** The kernel queues the answer before `send` returns, so this does not wait; should it have to, it does so off the loop. */
  async #receive(purpose: Purpose): Promise<Uint8Array> {
    const length = this.#sys.receive(this.#fd, this.#buffer, MSG_DONTWAIT);
    if (length === -EAGAIN || length === -EINTR) return this.#receiveAsync(purpose, this.#buffer);
    if (length < 0) throw systemError(-length, purpose, 'recv');
    this.#hasReceived = true;
    return this.#buffer.subarray(0, length);
  }

  async #receiveAsync(purpose: Purpose, buffer: Uint8Array): Promise<Uint8Array> {
    for (;;) {
      const length = await this.#sys.receiveAsync(this.#fd, buffer, 0);
      if (length >= 0) return buffer.subarray(0, length);
      if (length === -EINTR) continue;
      if (length !== -EAGAIN) throw systemError(-length, purpose, 'recv');
      throw new NetlinkError({ code: 'ETIMEDOUT', errno: 110, ...purpose, reason: 'no answer from the kernel' });
    }
  }

  #traceLine(direction: '<' | '>', message: NetlinkMessage): void {
    this.#trace?.(`${direction} ${describeMessage(message)}`);
  }
}

function isEndOfDump({ type }: NetlinkMessage): boolean {
  return type === NLMSG_DONE || type === NLMSG_ERROR;
}

function checkEnd(ack: Ack, isInterrupted: boolean, purpose: Purpose, message: Uint8Array): void {
  if (ack.errno !== 0) throw kernelError(ack, purpose, message);
  if (!isInterrupted) return;
  const reason = 'the table changed while it was read; read it again';
  throw new NetlinkError({ code: 'EINTR', errno: EINTR, ...purpose, reason });
}

function checkSent(sent: number, purpose: Purpose): void {
  if (sent < 0) throw systemError(-sent, purpose, 'send');
}
