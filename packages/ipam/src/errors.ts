import { CodedError, type ErrorGuard, excerpt, guardFor } from '@routed/text';

/** What went wrong, for callers that branch; see each throwing function for which codes it uses. */
export type IpamErrorCode =
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_LEASED'
  | 'ADDRESS_RESERVED'
  | 'CANDIDATES_TAKEN'
  | 'CONNECTED_OVERLAP'
  | 'INVALID_ADDRESS'
  | 'INVALID_ADDRESS_SPACE'
  | 'INVALID_PREFIX'
  | 'INVALID_USER'
  | 'OUTSIDE_POOL'
  | 'POOL_EXHAUSTED'
  | 'POOL_IN_USE'
  | 'POOL_OVERLAP'
  | 'RESERVED_PREFIX'
  | 'UNKNOWN_POOL';

/** The things an {@link IpamError} is about, each present only where it applies. */
export interface IpamErrorDetails {
  readonly poolId?: string;
  readonly prefix?: string;
  readonly address?: string;
  /** Who has the address now: the holder of its lease, or the purpose when it has none. */
  readonly holder?: string;
  /** Who has claimed the pool now. */
  readonly owner?: string;
  /** The other pool, prefix or link that stands in the way. */
  readonly conflictingWith?: string;
}

/** A text in quotes, for an error: its start, if it is long. */
export function quoted(text: string): string {
  return `'${excerpt(text)}'`;
}

/** The only error this library throws itself; errors of the store and of `isTaken` pass through unchanged. */
export class IpamError extends CodedError<IpamErrorCode> implements IpamErrorDetails {
  static override readonly mark: symbol = Symbol.for('@routed/ipam/IpamError');
  override readonly name = 'IpamError';
  declare readonly poolId?: string;
  declare readonly prefix?: string;
  declare readonly address?: string;
  declare readonly holder?: string;
  declare readonly owner?: string;
  declare readonly conflictingWith?: string;

  constructor(code: IpamErrorCode, message: string, details: IpamErrorDetails = {}) {
    super(code, `${message} (${code})`);
    Object.assign(this, details);
  }
}

/**
 * Tells whether `error` is an {@link IpamError}, and one of `codes` when any are given.
 * Works across two copies of this package in one process.
 */
export const isIpamError: ErrorGuard<IpamError> = guardFor(IpamError);
