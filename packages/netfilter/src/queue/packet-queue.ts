import { EventEmitter } from 'node:events';
import { isNetlinkError, isNetnsError, type NetlinkError } from '@routed/netns';
import {
  type NetlinkMessage,
  type NfnetlinkOptions,
  type NfnetlinkPort,
  openNfnetlinkPort,
} from '@routed/netns/nfnetlink';
import {
  buildQueueBind,
  buildVerdict,
  decodePacket,
  type PacketVerdict,
  type QueuedPacket,
} from '../codec/packet-queue.ts';
import { NetfilterError } from '../netfilter-error.ts';

/** Events of a {@link PacketQueue} and what their listeners get. */
export interface PacketQueueEvents {
  /** Packets that wait for a verdict, in the order they came. Their bytes are views, valid until the listener returns. */
  readonly packets: [readonly QueuedPacket[]];
  /** `count` packets were dropped before anybody saw them: there was no room for them. */
  readonly lost: [count: number];
  /** The socket failed for good: the queue has no listener any more. */
  readonly error: [NetlinkError];
}

/**
 * A queue of packets that the kernel has stopped, and lets go when it is told so.
 *
 * It keeps the process alive until `close` or `unref`, and itself while it is open. When it closes, or its process ends, the kernel
 * drops what waits. What comes later is dropped too, unless the rule that sends it here says `bypass`: then it passes.
 */
export interface PacketQueue extends AsyncDisposable {
  readonly number: number;
  on<Name extends keyof PacketQueueEvents>(event: Name, listener: (...data: PacketQueueEvents[Name]) => void): this;
  /**
   * Says what becomes of packets, in one system call on the event loop; those that it accepts have gone on when it returns. Ids of
   * packets that are gone are passed over.
   *
   * @throws NetlinkError `CLOSED`, or when the system call fails
   */
  decide(verdicts: readonly PacketVerdict[]): void;
  /** Lets the process end although the queue is open. */
  unref(): this;
  /** No event is reported after the call. May be repeated. */
  close(): Promise<void>;
}

/** How to open a {@link PacketQueue}. */
export interface PacketQueueOptions extends NfnetlinkOptions {
  /** 0 to 65535, as in the rules; one process has it at a time. */
  readonly number: number;
  /** How many packets may wait; the kernel drops what comes beyond. @defaultValue 4,096 */
  readonly length?: number;
}

const DEFAULT_LENGTH = 4_096;
/** Some thousand answers of DNS, with the kernel's bookkeeping. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

/**
 * Binds a queue, as rules with `queue` of nftables or `NFQUEUE` of iptables fill it.
 *
 * @throws NetfilterError `QUEUE_UNAVAILABLE` on a kernel without them (nfnetlink_queue), `QUEUE_TAKEN` when another process has
 * this number
 * @throws NetnsError
 */
export async function openPacketQueue(options: PacketQueueOptions): Promise<PacketQueue> {
  const { number, length = DEFAULT_LENGTH, netns } = options;
  const operation = `queue ${number}`;
  const port = await openPort({ ...(netns !== undefined && { netns }) }, operation);
  try {
    await port.request(buildQueueBind(number, length), { operation: 'queue.bind', subject: String(number) });
  } catch (error) {
    await port.close();
    throw explain(error, operation);
  }
  return new KernelPacketQueue(port, number);
}

async function openPort(options: NfnetlinkOptions, operation: string): Promise<NfnetlinkPort> {
  try {
    return await openNfnetlinkPort({ ...options, receiveBufferBytes: RECEIVE_BUFFER_BYTES });
  } catch (error) {
    throw isNetnsError(error, 'FAILED') ? unavailable(operation) : error;
  }
}

function explain(error: unknown, operation: string): unknown {
  // Source: linux nfnetlink_queue.c `nfqnl_recv_config`. A process without CAP_NET_ADMIN is told the same.
  if (isNetlinkError(error, 'EPERM')) {
    const reason = 'another process has this queue (end it, or choose another number), or CAP_NET_ADMIN is missing';
    return new NetfilterError({ code: 'QUEUE_TAKEN', operation, reason });
  }
  return isNetlinkError(error, 'EINVAL', 'EOPNOTSUPP', 'EPROTONOSUPPORT') ? unavailable(operation) : error;
}

function unavailable(operation: string): NetfilterError {
  const reason =
    'this kernel hands packets to nobody: load nfnetlink_queue, or have CONFIG_NETFILTER_NETLINK_QUEUE built';
  return new NetfilterError({ code: 'QUEUE_UNAVAILABLE', operation, reason });
}

class KernelPacketQueue extends EventEmitter<PacketQueueEvents> implements PacketQueue {
  readonly number: number;
  readonly #port: NfnetlinkPort;
  /** The packet before; ids go up by one. */
  #last: number | undefined;

  /** Takes over `port`, which is bound to the queue. */
  constructor(port: NfnetlinkPort, number: number) {
    super();
    this.#port = port;
    this.number = number;
    port.on('messages', (messages) => this.#receive(messages));
    port.on('error', (error) => this.emit('error', error));
  }

  decide(verdicts: readonly PacketVerdict[]): void {
    const messages = verdicts.map((verdict) => buildVerdict(this.number, verdict));
    this.#port.send(messages, { operation: 'queue.decide', subject: String(this.number) });
  }

  unref(): this {
    this.#port.unref();
    return this;
  }

  close(): Promise<void> {
    return this.#port.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(messages: readonly NetlinkMessage[]): void {
    const packets: QueuedPacket[] = [];
    let lost = 0;
    for (const message of messages) {
      const packet = decodePacket(message);
      if (packet === undefined) continue;
      lost += this.#missingBefore(packet.id);
      if ('isUnreadable' in packet) {
        lost += 1;
        this.decide([{ id: packet.id, verdict: 'drop' }]);
      } else {
        packets.push(packet);
      }
    }
    if (lost > 0) this.emit('lost', lost);
    if (packets.length > 0) this.emit('packets', packets);
  }

  /** The kernel numbers a packet before it finds that the socket has no room for it. Source: linux nfnetlink_queue.c */
  #missingBefore(id: number): number {
    const missing = this.#last === undefined ? 0 : (id - this.#last - 1) >>> 0;
    this.#last = id;
    return missing;
  }
}
