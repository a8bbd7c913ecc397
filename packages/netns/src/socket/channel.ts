import type { Listed } from '../types/common.ts';
import type { Ack } from '../codec/ack.ts';
import type { NetlinkMessage } from '../codec/reader.ts';

/** What a request is for; ends up in its error. */
export interface Purpose {
  /** `<object>.<action>` */
  readonly operation: string;
  readonly subject: string;
  /** Names an attribute of the request's message type: 3 -> `IFLA_IFNAME`. */
  readonly attributeName?: (type: number) => string | undefined;
  /** Bytes of the fixed header; absent: that of rtnetlink and nfnetlink for the message type. */
  readonly headerBytes?: number;
  /** Codes of refusals that mean "there is none": a request answers undefined then, without an error, which costs 40 us. */
  readonly absent?: readonly string[];
  /**
   * What the kernel does for it before the system call returns. `none`: it waits for no lock, so it is done on the event loop.
   * `brief`: it takes RTNL for some microseconds, so it is done there while nobody else seems to hold that (see `pace.ts`).
   * Absent: it may take long, and another thread makes the call.
   */
  readonly lock?: 'none' | 'brief';
}

/** What else is to be known of a batch. */
export interface BatchOptions {
  /** Gets what the kernel answers besides acknowledgements, and which message of the batch it answers. */
  readonly onReply?: (reply: NetlinkMessage, index: number) => void;
  /** `brief` when all of it together takes the lock for a moment only; default: it may take long. */
  readonly lock?: 'brief' | undefined;
}

/** What a batch is for. */
export function batchPurpose(length: number, lock?: 'brief'): Purpose {
  return { operation: 'batch', subject: `of ${length}`, ...(lock !== undefined && { lock }) };
}

/** Failure of one message of a batch. */
export interface BatchFailure {
  /** Which message of the batch. */
  readonly index: number;
  readonly ack: Ack;
}

/** Exchanges rtnetlink messages in one namespace. The services (links, routes...) need no more than this. */
export interface Channel {
  /** Sends one message and gives `decode` the replies; the result is that of the last. */
  request<T = void>(
    message: Uint8Array,
    purpose: Purpose,
    decode?: (reply: NetlinkMessage) => T,
  ): Promise<T | undefined>;
  /** Sends a dump request and decodes every row; `undefined` rows are left out. Rows of a table that does not rest are marked. */
  dump<T>(message: Uint8Array, purpose: Purpose, decode: (row: NetlinkMessage) => T | undefined): Promise<Listed<T>>;
  /** Sends many messages in few system calls, in order; those that fail do not stop the rest. */
  batch(messages: readonly Uint8Array[], options?: BatchOptions): Promise<readonly BatchFailure[]>;
  /** Runs requests that belong together one after another; closing the connection waits for the last. */
  session<T>(purpose: Purpose, task: (channel: Channel) => Promise<T>): Promise<T>;
}
