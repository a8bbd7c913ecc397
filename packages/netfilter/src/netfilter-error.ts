import { CodedError, type ErrorGuard, guardFor } from '@routed/text';
import type { CommandResult } from './command-runner.ts';

/**
 * What went wrong.
 *
 * - `FIREWALL_REFUSED`: a firewall program refused what was asked of it;
 * - `NFT_MISSING`: the program `nft` is not installed, and a filter was asked for;
 * - `ALLOW_LIST_INVALID`: a list of allowed sources cannot be read;
 * - `FILTER_INVALID`: a filter with a link name or an address that is none;
 * - `SET_INVALID`: a table, a set or a key that cannot be, or a set that is there and another;
 * - `QUEUE_UNAVAILABLE`: the kernel has no packet queues;
 * - `QUEUE_TAKEN`: another process has the packet queue;
 * - `CONNTRACK_UNAVAILABLE`: nftables of this host cannot leave packets untracked;
 * - `LOG_UNAVAILABLE`: the kernel has no log groups;
 * - `LOG_TAKEN`: another process has the log group.
 */
export type NetfilterErrorCode =
  | 'FIREWALL_REFUSED'
  | 'NFT_MISSING'
  | 'ALLOW_LIST_INVALID'
  | 'FILTER_INVALID'
  | 'SET_INVALID'
  | 'QUEUE_UNAVAILABLE'
  | 'QUEUE_TAKEN'
  | 'CONNTRACK_UNAVAILABLE'
  | 'LOG_UNAVAILABLE'
  | 'LOG_TAKEN';

/** The error of this library. What the kernel refuses is a NetlinkError of \@routed/netns. */
export class NetfilterError extends CodedError<NetfilterErrorCode> {
  static override readonly mark: symbol = Symbol.for('@routed/netfilter/NetfilterError');
  override readonly name = 'NetfilterError';
  /** What the program printed on stderr, for `FIREWALL_REFUSED`. */
  readonly programMessage?: string;
  /** The character of the list at which the entry at fault starts, from 1, for `ALLOW_LIST_INVALID`. */
  readonly position?: number;

  constructor(details: {
    readonly code: NetfilterErrorCode;
    readonly operation: string;
    readonly reason: string;
    readonly programMessage?: string;
    readonly position?: number;
  }) {
    super(details.code, `${details.operation}: ${details.reason.trim()} (${details.code})`);
    if (details.programMessage !== undefined) this.programMessage = details.programMessage;
    if (details.position !== undefined) this.position = details.position;
  }
}

/**
 * Whether `error` is a {@link NetfilterError}, of this copy of the package or another; of one of `codes` when any are
 * given.
 */
export const isNetfilterError: ErrorGuard<NetfilterError> = guardFor(NetfilterError);

/** What a program printed is cut to so many characters: it may repeat what it was given. */
const MAX_MESSAGE = 1_000;

/** A firewall program that refused; `stderr` is what it said. */
export function refusedBy(operation: string, stderr: string): NetfilterError {
  const programMessage = stderr.trim().slice(0, MAX_MESSAGE);
  return new NetfilterError({ code: 'FIREWALL_REFUSED', operation, reason: programMessage, programMessage });
}

/**
 * A firewall program that refused, or that a signal ended.
 *
 * @param result - absent when the program is not installed
 */
export function failureOf(operation: string, program: string, result: CommandResult | undefined): NetfilterError {
  const stderr = result?.stderr.trim() ?? '';
  return refusedBy(operation, [endOf(program, result), stderr].filter((part) => part !== '').join(': '));
}

function endOf(program: string, result: CommandResult | undefined): string {
  if (result === undefined) return `the program "${program}" is not installed`;
  const { signal, exitCode } = result;
  if (signal === undefined) return `${program} exited with code ${exitCode}`;
  const advice = signal === 'SIGTERM' ? 'it timed out' : 'it may be too old for what is in the kernel: upgrade it';
  return `${program} was killed by ${signal} (${advice})`;
}
