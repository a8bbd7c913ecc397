import { randomInt } from 'node:crypto';

import type { Family } from '@routed/addresses';

import { NetlinkError } from '../errors.ts';
import type { Purpose } from '../socket/channel.ts';
import { errnoName, errnoText } from '../sys/errno.ts';
import type { RareCalls } from '../sys/rare-calls.ts';
import type { Sys, Watch } from '../sys/sys.ts';
import { MSG_DONTWAIT } from '../uapi/netlink.ts';
import { type EchoError, echoRequest, type EchoName, readError, readReply } from './packet.ts';
import type { EchoOutcome, EchoRequest, EchoSocket } from './types.ts';

const LARGEST_PACKET_BYTES = 65_535;
/** More than one control message needs. */
const CONTROL_BYTES = 512;
const PAYLOAD_BYTES = 64;
const SEQUENCES = 0x1_0000;

interface Waiting {
  readonly sentAtMs: number;
  readonly settle: (outcome: EchoOutcome) => void;
}

/** A raw ICMP socket that is connected to one address. */
export class KernelEchoSocket implements EchoSocket {
  readonly #calls: { readonly sys: Sys; readonly rare: RareCalls };
  readonly #fd: number;
  readonly #family: Family;
  readonly #purpose: Purpose;
  readonly #identifier = randomInt(SEQUENCES);
  readonly #waiting = new Map<number, Waiting>();
  readonly #watch: Watch;
  readonly #packet = new Uint8Array(LARGEST_PACKET_BYTES);
  #sequence = 0;
  #isClosed = false;

  /** Takes over `fd`. */
  constructor(
    calls: { readonly sys: Sys; readonly rare: RareCalls },
    fd: number,
    { family, purpose }: { readonly family: Family; readonly purpose: Purpose },
  ) {
    this.#calls = calls;
    this.#fd = fd;
    this.#family = family;
    this.#purpose = purpose;
    this.#watch = calls.sys.watch(fd, () => this.#receive());
  }

  async ask({ packetBytes, timeoutMs }: EchoRequest): Promise<EchoOutcome> {
    if (this.#isClosed) throw this.#failure('CLOSED', 0, 'the socket was closed');
    const sequence = this.#sequence;
    this.#sequence = (this.#sequence + 1) % SEQUENCES;
    const request = echoRequest(this.#family, { identifier: this.#identifier, sequence }, packetBytes);
    // An error of an earlier packet would be handed to this call, which then sends nothing.
    this.#readErrors();
    const sentAtMs = performance.now();
    const result = this.#calls.sys.send(this.#fd, request);
    if (result < 0) return this.#unsent(-result, packetBytes);
    return await new Promise<EchoOutcome>((resolve) => {
      const timer = setTimeout(() => {
        // A program that was held up has not looked at what came in time.
        this.#receive();
        settle({ state: 'silent' });
      }, timeoutMs);
      const settle = (outcome: EchoOutcome): void => {
        clearTimeout(timer);
        this.#waiting.delete(sequence);
        resolve(outcome);
      };
      this.#waiting.set(sequence, { sentAtMs, settle });
    });
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    for (const { settle } of this.#waiting.values()) settle({ state: 'silent' });
    this.#watch.close();
    this.#calls.sys.close(this.#fd);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #unsent(errno: number, packetBytes: number): EchoOutcome {
    const code = errnoName(errno);
    const mtuBytes = this.#readErrors()?.mtuBytes;
    if (code === 'EMSGSIZE') return { state: 'too big', mtuBytes: mtuBytes ?? packetBytes - 1 };
    return { state: 'refused', reason: REASONS[code] ?? errnoText(errno) };
  }

  #receive(): void {
    const receivedAtMs = performance.now();
    this.#readErrors();
    while (!this.#isClosed) {
      const length = this.#calls.sys.receive(this.#fd, this.#packet, MSG_DONTWAIT);
      if (length < 0) {
        // Anything else is what the queue of errors has told, or will.
        if (errnoName(-length) === 'EAGAIN' || this.#readErrors() === undefined) return;
        continue;
      }
      const reply = readReply(this.#family, this.#packet.subarray(0, length));
      const waiting = reply && this.#waitingFor(reply.echo);
      if (waiting === undefined) continue;
      const { hopLimit } = reply ?? {};
      const roundTripMs = Math.round((receivedAtMs - waiting.sentAtMs) * 1_000) / 1_000;
      waiting.settle({ state: 'answered', roundTripMs, ...(hopLimit !== undefined && { hopLimit }) });
    }
  }

  /** @returns the last one; `undefined`: there was none */
  #readErrors(): EchoError | undefined {
    let last: EchoError | undefined;
    for (;;) {
      const found = this.#calls.rare.receiveError(this.#fd, PAYLOAD_BYTES, CONTROL_BYTES);
      if (found === undefined) return last;
      const error = readError(found.payload, found.control, found.wordBytes);
      if (error === undefined) continue;
      last = error;
      const waiting = error.echo && this.#waitingFor(error.echo);
      waiting?.settle(outcomeOf(error));
    }
  }

  #waitingFor({ identifier, sequence }: EchoName): Waiting | undefined {
    return identifier === this.#identifier ? this.#waiting.get(sequence) : undefined;
  }

  #failure(code: string, errno: number, reason: string): NetlinkError {
    return new NetlinkError({ code, errno, ...this.#purpose, reason });
  }
}

function outcomeOf({ mtuBytes, reason, by }: EchoError): EchoOutcome {
  const who = by === undefined ? {} : { by };
  return mtuBytes === undefined ? { state: 'refused', reason, ...who } : { state: 'too big', mtuBytes, ...who };
}

/** Why a packet was not sent. Source: ip(7), netfilter's verdict for a packet that it drops. */
const REASONS: Readonly<Record<string, string>> = {
  EPERM: 'a firewall rule of this host drops what it sends',
  ENETUNREACH: 'there is no route',
  EHOSTUNREACH: 'the next hop does not answer',
  ENETDOWN: 'the link is down',
};
