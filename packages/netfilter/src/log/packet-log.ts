import { isNetlinkError, isNetnsError } from '@routed/netns';
import {
  type NetlinkMessage,
  type NfnetlinkOptions,
  type NfnetlinkPort,
  openNfnetlinkPort,
} from '@routed/netns/nfnetlink';
import { buildLogBind, decodeLogEntry, type LoggedPacket } from '../codec/packet-log.ts';
import { NetfilterError } from '../netfilter-error.ts';
import { BoundedQueue } from './bounded-queue.ts';

/** How to open a {@link PacketLog}. */
export interface PacketLogOptions extends NfnetlinkOptions {
  /** How many packets wait for the loop that reads them, 1 and more; what comes beyond is lost. @defaultValue 1,000 */
  readonly capacity?: number;
}

/**
 * The packets that rules write to one log group: `log group N` of nftables, `-j NFLOG --nflog-group N` of iptables. Both look the same here.
 *
 * One loop reads it; a loop that ends closes nothing. It keeps the process alive until `close` or `unref`, and itself while it is open.
 */
export interface PacketLog extends AsyncIterable<LoggedPacket>, AsyncDisposable {
  readonly group: number;
  /** Packets that nobody will read: the loop was too slow, or the kernel had no room. Those of the end show with the next packet. */
  readonly lost: number;
  /** Lets the process end although the log is open. */
  unref(): this;
  /** The loop ends after the packets that it has not read yet. May be repeated. */
  close(): Promise<void>;
}

const DEFAULT_CAPACITY = 1_000;
const MAX_GROUP = 0xffff;
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/**
 * Binds a log group. Packets that are none of IP are left out, such as ARP.
 *
 * @param group 0 to 65535, as in the rules; one process has it at a time
 * @throws NetfilterError `LOG_UNAVAILABLE` on a kernel without log groups (nfnetlink_log), `LOG_TAKEN` when another process has this
 * group
 * @throws NetnsError `NOT_PERMITTED`
 */
export async function openPacketLog(group: number, options: PacketLogOptions = {}): Promise<PacketLog> {
  const { capacity = DEFAULT_CAPACITY, ...portOptions } = options;
  const operation = `log group ${group}`;
  if (!Number.isInteger(group) || group < 0 || group > MAX_GROUP) {
    throw new RangeError(`log group: ${group} is not a whole number from 0 to ${MAX_GROUP}`);
  }
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`capacity: ${capacity} is not a whole number from 1`);
  }
  const port = await openPort(portOptions, operation);
  const log = new KernelPacketLog(port, group, capacity);
  try {
    await port.request(buildLogBind(group), { operation: 'log.bind', subject: String(group) });
    return log;
  } catch (error) {
    await port.close();
    throw explain(error, operation);
  }
}

async function openPort(options: NfnetlinkOptions, operation: string): Promise<NfnetlinkPort> {
  try {
    return await openNfnetlinkPort({ ...options, receiveBufferBytes: RECEIVE_BUFFER_BYTES });
  } catch (error) {
    throw isNetnsError(error, 'FAILED') ? unavailable(operation) : error;
  }
}

/** The kernel says EPERM of a group that another socket has, and to a process without CAP_NET_ADMIN. */
function explain(error: unknown, operation: string): unknown {
  if (isNetlinkError(error, 'EBUSY', 'EPERM')) {
    const reason =
      'another process has this log group (or this one lacks CAP_NET_ADMIN): end it, or choose another number';
    return new NetfilterError({ code: 'LOG_TAKEN', operation, reason });
  }
  return isNetlinkError(error, 'EINVAL', 'EOPNOTSUPP', 'EPROTONOSUPPORT') ? unavailable(operation) : error;
}

function unavailable(operation: string): NetfilterError {
  const reason = 'this kernel has no log groups: load nfnetlink_log, or have CONFIG_NETFILTER_NETLINK_LOG built';
  return new NetfilterError({ code: 'LOG_UNAVAILABLE', operation, reason });
}

class KernelPacketLog implements PacketLog {
  readonly group: number;
  readonly #port: NfnetlinkPort;
  readonly #queue: BoundedQueue<LoggedPacket>;
  #lost = 0;
  #last: number | undefined;

  /** Takes over `port`. */
  constructor(port: NfnetlinkPort, group: number, capacity: number) {
    this.#port = port;
    this.group = group;
    this.#queue = new BoundedQueue(capacity);
    port.on('messages', (messages) => {
      for (const message of messages) this.#keep(message);
    });
    port.on('error', (error) => this.#queue.end(error));
  }

  get lost(): number {
    return this.#lost;
  }

  unref(): this {
    this.#port.unref();
    return this;
  }

  async close(): Promise<void> {
    this.#queue.end();
    await this.#port.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoggedPacket, void, undefined> {
    for (;;) {
      const packet = await this.#queue.take();
      if (packet === undefined) return;
      yield packet;
    }
  }

  #keep(message: NetlinkMessage): void {
    const entry = decodeLogEntry(message, () => new Date());
    if (entry === undefined) return;
    // The kernel numbers a packet before it finds that the socket has no room for it.
    if (this.#last !== undefined) this.#lost += (entry.sequence - this.#last - 1) >>> 0;
    this.#last = entry.sequence;
    if (entry.packet !== undefined && !this.#queue.push(entry.packet)) this.#lost += 1;
  }
}
