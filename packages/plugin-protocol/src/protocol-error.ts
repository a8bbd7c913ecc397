import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/**
 * Why a request was refused:
 * - `EMPTY_BODY`: a call with arguments came without any. Docker retries a lost connection with an empty body.
 * - `MALFORMED_JSON`: the body is not UTF-8 or not JSON.
 * - `NOT_AN_OBJECT`: the body is JSON, but not an object.
 * - `INVALID_FIELD`: a field is missing or has the wrong type or shape; `path` names it.
 */
export type ProtocolErrorCode = 'EMPTY_BODY' | 'MALFORMED_JSON' | 'NOT_AN_OBJECT' | 'INVALID_FIELD';

/** A request body that does not follow the protocol. The message is one line, fit for the user of `docker`. */
export class ProtocolError extends CodedError<ProtocolErrorCode> {
  static override readonly mark: symbol = Symbol.for('@routed/plugin-protocol/ProtocolError');
  override readonly name = 'ProtocolError';
  /** The HTTP status to answer with. */
  readonly status = 400;
  /** The field at fault, such as `IPv4Data[0].Pool`; set with `INVALID_FIELD`. */
  readonly path?: string;

  constructor(
    code: ProtocolErrorCode,
    message: string,
    details: { readonly path?: string; readonly cause?: unknown } = {},
  ) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause });
    if (details.path !== undefined) this.path = details.path;
  }
}

/** True for a {@link ProtocolError}, also for one made by another copy of this package. */
export const isProtocolError: ErrorGuard<ProtocolError> = guardFor(ProtocolError);
