import { type Ack, decodeAck } from '../codec/ack.ts';
import { type NetlinkMessage, messages } from '../codec/reader.ts';
import { type Received, receivedMessages } from '../codec/received.ts';
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
  SO_RCVBUFFORCE,
  SOL_SOCKET,
} from '../uapi/netlink.ts';
import { type BatchFailure, type BatchOptions, batchPurpose, type Channel, type Purpose } from './channel.ts';
import { kernelError, systemError } from './kernel-error.ts';
import { type Pace, pace as paceOfProcess } from './pace.ts';
import { intOption } from './socket-options.ts';
import { describeMessage } from './trace.ts';

/** The kernel fills at most this much per receive. Measured: 64 KiB are not faster. */
const RECEIVE_BYTES = 32_768;
/** Under heavy churn one dump in five is interrupted; ten in a row are then one in ten million. */
const DUMP_ATTEMPTS = 10;
/** Messages per `send`: their errors must fit the receive buffer of the socket together, some 200 KiB unless it is made larger. */
const BATCH_SIZE = 64;
const LARGE_BATCH = { size: 256, receiveBufferBytes: 1024 * 1024 } as const;
/** They must fit the send buffer, which is as long. */
const MOST_BATCH_BYTES = 128 * 1024;

/** One netlink socket with at most one request under way; callers see to that (see LanePool). */
export class NetlinkSocket implements Channel {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  readonly #otherBuffer = new Uint8Array(RECEIVE_BYTES);
  readonly #pace: Pace;
  #sequence = 0;
  #portId: number | undefined;
  #hasReceived = false;
  #batchSize: number | undefined;

  /** Takes over `fd`. */
  constructor(sys: Sys, fd: number, trace?: (line: string) => void, pace: Pace = paceOfProcess) {
    this.#sys = sys;
    this.#fd = fd;
    this.#trace = trace;
    this.#pace = pace;
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
    if (failure === undefined) return result;
    if (purpose.absent?.includes(errnoName(failure.ack.errno)) === true) return undefined;
    throw kernelError(failure.ack, purpose, message);
  }

  async batch(requests: readonly Uint8Array[], { onReply, lock }: BatchOptions = {}): Promise<readonly BatchFailure[]> {
    const purpose = batchPurpose(requests.length, lock);
    const failures: BatchFailure[] = [];
    let start = 0;
    while (start < requests.length) {
      const from = start;
      start = this.#endOfBatch(requests, from);
      const failed = await this.#transact(requests.slice(from, start), purpose, (reply, index) =>
        onReply?.(reply, index + from),
      );
      for (const { index, ack } of failed) failures.push({ index: index + from, ack });
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
    await this.#send(this.#assemble(messages, 0), purpose);
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
      await this.#send(this.#assemble([message], NLM_F_DUMP), purpose);
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
    await this.#send(this.#assemble([message], NLM_F_DUMP), purpose);
    let isInterrupted = false;
    let end: NetlinkMessage | undefined;
    try {
      while (end === undefined) {
        const datagram = this.#buffer.slice(0, await this.#receiveAway(purpose, this.#buffer));
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

  /** Where the messages end that are sent together, the first of which is at `start`. */
  #endOfBatch(requests: readonly Uint8Array[], start: number): number {
    const most = Math.min(requests.length, start + this.#mostTogether(requests.length));
    let bytes = 0;
    let end = start;
    while (end < most && (end === start || bytes + (requests[end]?.length ?? 0) <= MOST_BATCH_BYTES))
      bytes += requests[end++]?.length ?? 0;
    return end;
  }

  /** Makes room for the errors of many requests at the first batch that is long, which takes no memory before there are any. */
  #mostTogether(count: number): number {
    if (count <= BATCH_SIZE) return BATCH_SIZE;
    const room = intOption(LARGE_BATCH.receiveBufferBytes);
    this.#batchSize ??=
      this.#sys.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, room) < 0 ? BATCH_SIZE : LARGE_BATCH.size;
    return this.#batchSize;
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
    await this.#send(this.#assemble(requests, NLM_F_ACK), purpose);
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
      // The kernel queues the answer before `send` returns, so this does not wait; should it have to, it does so off the loop.
      const length = this.#receiveHere(purpose) ?? (await this.#receiveAway(purpose, this.#buffer));
      for (const reply of receivedMessages(this.#buffer, length)) {
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
    let buffer = this.#buffer;
    let ahead: Promise<number> | undefined;
    for (;;) {
      const length = await (ahead ?? this.#receivePart(purpose, buffer));
      const part = receivedMessages(buffer, length).filter(({ sequence }) => sequence === this.#sequence);
      const end = part.findIndex(isEndOfDump);
      this.#portId = part[0]?.portId ?? this.#portId;
      ahead = undefined;
      if (end === -1 && !this.#staysHere(purpose)) {
        // The kernel fills one buffer while what is in the other is decoded.
        buffer = buffer === this.#buffer ? this.#otherBuffer : this.#buffer;
        ahead = this.#receiveAway(purpose, buffer);
      }
      try {
        isInterrupted = this.#handOver(part, end, onRow) || isInterrupted;
      } catch (error) {
        await ahead?.catch(() => undefined);
        throw error;
      }
      const last = part[end];
      if (last !== undefined) return { ack: decodeAck(last), isInterrupted };
    }
  }

  /** Whether the table changed meanwhile. `end` is the place of the end of the dump, or -1. */
  #handOver(part: readonly Received[], end: number, onRow: (row: NetlinkMessage) => void): boolean {
    let isInterrupted = false;
    for (const [place, row] of part.entries()) {
      this.#traceLine('<', row);
      isInterrupted ||= (row.flags & NLM_F_DUMP_INTR) !== 0;
      if (end === -1 || place < end) onRow(row);
    }
    return isInterrupted;
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

  /** Sends on the event loop what may be done there now, and anything else on another thread. */
  async #send(bytes: Uint8Array, purpose: Purpose): Promise<void> {
    if (this.#staysHere(purpose)) {
      await this.#pace.turn();
      // Others may have waited meanwhile.
      if (this.#staysHere(purpose)) {
        checkSent(
          this.#pace.here(() => this.#sys.send(this.#fd, bytes), needsLock(purpose)),
          purpose,
        );
        return;
      }
    }
    checkSent(await this.#pace.away(() => this.#sys.sendAsync(this.#fd, bytes), purpose.lock === 'brief'), purpose);
  }

  #staysHere({ lock }: Purpose): boolean {
    return lock === 'none' || (lock === 'brief' && this.#pace.isClear());
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

  /** What is there already; `undefined`: nothing. */
  #receiveHere(purpose: Purpose): number | undefined {
    const length = this.#sys.receive(this.#fd, this.#buffer, MSG_DONTWAIT);
    if (length === -EAGAIN || length === -EINTR) return undefined;
    if (length < 0) throw systemError(-length, purpose, 'recv');
    this.#hasReceived = true;
    return length;
  }

  /** A part of a dump. Each receive makes the kernel fill the next one, under its locks. */
  async #receivePart(purpose: Purpose, buffer: Uint8Array): Promise<number> {
    if (!this.#staysHere(purpose)) return this.#receiveAway(purpose, buffer);
    await this.#pace.turn();
    const receive = (): number => this.#sys.receive(this.#fd, buffer, MSG_DONTWAIT);
    const length = this.#pace.here(receive, needsLock(purpose));
    return length >= 0 ? length : this.#receiveAway(purpose, buffer);
  }

  async #receiveAway(purpose: Purpose, buffer: Uint8Array): Promise<number> {
    for (;;) {
      const receive = (): Promise<number> => this.#sys.receiveAsync(this.#fd, buffer, 0);
      const length = await this.#pace.away(receive, purpose.lock === 'brief');
      if (length >= 0) return length;
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

function needsLock({ lock }: Purpose): boolean {
  return lock !== 'none';
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
