import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/**
 * What went wrong.
 *
 * - `NAME_INVALID`: text that is not a host name, nor one with a wildcard as its first label.
 */
export type DnsGateErrorCode = 'NAME_INVALID';

/** The error of this library. */
export class DnsGateError extends CodedError<DnsGateErrorCode> {
  static override readonly mark: symbol = Symbol.for('@routed/dns-gate/DnsGateError');
  override readonly name = 'DnsGateError';
  /** What is wrong, as it follows the quoted text in a sentence: `"a..b" has an empty label`. */
  readonly complaint: string;

  constructor(code: DnsGateErrorCode, subject: string, complaint: string) {
    super(code, `"${subject}" ${complaint} (${code})`);
    this.complaint = complaint;
  }
}

/** Whether `error` is a {@link DnsGateError}, of this copy of the package or another; of one of `codes` when any are given. */
export const isDnsGateError: ErrorGuard<DnsGateError> = guardFor(DnsGateError);
