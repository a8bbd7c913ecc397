import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/**
 * Why a call failed:
 * - `NO_REPLY`: no connection, or it was lost before the reply was complete; `cause` is the system's error.
 * - `BAD_STATUS`: the status is not 200.
 * - `DRIVER_ERROR`: status 200 with the error field of the role set.
 * - `INVALID_REPLY`: status 200 with a body that Docker could not use.
 */
export type PluginCallErrorCode = 'NO_REPLY' | 'BAD_STATUS' | 'DRIVER_ERROR' | 'INVALID_REPLY';

/** A call that Docker would report as failed; the message is the text that Docker would show. */
export class PluginCallError extends CodedError<PluginCallErrorCode> {
  static override readonly mark: symbol = Symbol.for('@routed/plugin-protocol/PluginCallError');
  override readonly name = 'PluginCallError';
  readonly method: string;
  /** The HTTP status of the reply; 0 if there was none. */
  readonly status: number;

  constructor(code: PluginCallErrorCode, method: string, status: number, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.method = method;
    this.status = status;
  }
}

/** True for a {@link PluginCallError}, also for one made by another copy of this package. */
export const isPluginCallError: ErrorGuard<PluginCallError> = guardFor(PluginCallError);
