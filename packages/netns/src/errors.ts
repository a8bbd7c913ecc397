import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** What a {@link NetlinkError} is made of. */
export interface NetlinkErrorInit {
  /** Errno name such as `EEXIST`, or a code of this library: `CLOSED`, `ETIMEDOUT`. */
  readonly code: string;
  /** Positive errno; 0 when the error was found before any system call. */
  readonly errno: number;
  /** Verb in the form `<object>.<action>`: `link.create`. */
  readonly operation: string;
  /** What the operation was about: a name, an address, a prefix. */
  readonly subject: string;
  /** Sentence that explains the code; the kernel's text is added to it. */
  readonly reason?: string;
  /** Text of the kernel's extended acknowledgement. */
  readonly kernelMessage?: string;
  /** Name of the attribute the kernel (or our validation) objects to. */
  readonly attribute?: string;
  readonly cause?: unknown;
}

function describe(init: NetlinkErrorInit): string {
  const reasons = [init.reason, init.kernelMessage].filter((text) => text !== undefined && text !== '');
  const attribute = init.attribute === undefined ? '' : ` [${init.attribute}]`;
  const subject = init.subject === '' ? '' : ` ${init.subject}`;
  return `${init.operation}${subject}: ${reasons.join('; ') || 'refused by the kernel'} (${init.code})${attribute}`;
}

/**
 * The only error that requests to the kernel reject with.
 *
 * Branch on its `code` with {@link isNetlinkError}; never on the message.
 * Source: errno(3); linux uapi netlink.h `NLMSGERR_ATTR_MSG`, `NLMSGERR_ATTR_OFFS`.
 */
export class NetlinkError extends CodedError<string> {
  static override readonly mark: symbol = Symbol.for('@routed/netns.NetlinkError');
  override readonly name: string = 'NetlinkError';
  /** Positive errno; 0 when the error was found before any system call. */
  readonly errno: number;
  /** What was attempted: `link.create`, `route.replace`. */
  readonly operation: string;
  /** The link, address or prefix it was attempted on. */
  readonly subject: string;
  /** The kernel's own words (extended acknowledgement), when it gave any. */
  readonly kernelMessage?: string;
  /** Attribute at fault, by kernel name (`IFLA_MTU`) or by field name for errors found before the call. */
  readonly attribute?: string;

  constructor(init: NetlinkErrorInit) {
    super(init.code, describe(init), init.cause === undefined ? undefined : { cause: init.cause });
    this.errno = init.errno;
    this.operation = init.operation;
    this.subject = init.subject;
    if (init.kernelMessage !== undefined) this.kernelMessage = init.kernelMessage;
    if (init.attribute !== undefined) this.attribute = init.attribute;
  }
}

/**
 * Tells whether `error` is a {@link NetlinkError}, of one of `codes` when any are given.
 *
 * Works across two copies of this package in one process (identity by `Symbol.for`).
 */
export const isNetlinkError: ErrorGuard<NetlinkError> = guardFor(NetlinkError);

/**
 * Why a namespace could not be used.
 *
 * - `NOT_FOUND`: no such path, process or sysctl;
 * - `NOT_A_NAMESPACE`: the path is an ordinary file, mostly a mount that has not propagated here, or another kind of namespace;
 * - `NOT_PERMITTED`: a capability is missing (`CAP_SYS_ADMIN` to enter) or /proc/sys is read-only;
 * - `UNSUPPORTED_PLATFORM`: not Linux, or no FFI binary for this platform;
 * - `INVALID_ARGUMENT`: a malformed reference or sysctl key, or a value the kernel refuses;
 * - `CLOSED`: the object was closed before;
 * - `ABORTED`, `ETIMEDOUT`: the caller waited no longer;
 * - `FAILED`: any other system error, with the errno in the message and the `cause`.
 */
export type NetnsErrorCode =
  | 'NOT_FOUND'
  | 'NOT_A_NAMESPACE'
  | 'NOT_PERMITTED'
  | 'UNSUPPORTED_PLATFORM'
  | 'INVALID_ARGUMENT'
  | 'CLOSED'
  | 'ABORTED'
  | 'ETIMEDOUT'
  | 'FAILED';

/** The only error that opening and using a namespace (apart from requests to the kernel) rejects with. */
export class NetnsError extends CodedError<NetnsErrorCode> {
  static override readonly mark: symbol = Symbol.for('@routed/netns.NetnsError');
  override readonly name: string = 'NetnsError';
  /** The path, process or sysctl key it is about. */
  readonly subject: string;

  constructor(code: NetnsErrorCode, subject: string, reason: string, cause?: unknown) {
    super(code, `${subject}: ${reason} (${code})`, cause === undefined ? undefined : { cause });
    this.subject = subject;
  }
}

/**
 * Tells whether `error` is a {@link NetnsError}, of one of `codes` when any are given.
 *
 * Works across two copies of this package in one process (identity by `Symbol.for`).
 */
export const isNetnsError: ErrorGuard<NetnsError> = guardFor(NetnsError);
