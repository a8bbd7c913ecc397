import { errorText } from '@routed/text';
import { isProtocolError } from '@routed/plugin-protocol';
import type { CallOutcome } from './call-observer.ts';

/** What an error becomes on the wire. */
export interface ErrorReply {
  readonly status: number;
  readonly message: string;
  readonly outcome: Exclude<CallOutcome, 'ok'>;
}

/** HTTP status of a body over the limit. */
export const TOO_LARGE = 413;

/**
 * The HTTP status and the text for Docker's user: 400 for a request that is wrong, 500 for one that failed.
 *
 * Docker itself puts the method before the text, so it is not said twice, and prints it on the terminal as it is.
 */
export function replyToError(error: unknown, method: string, isRefusal: (error: unknown) => boolean): ErrorReply {
  if (isProtocolError(error)) {
    return { status: error.status, message: errorText(error).replace(`${method}: `, ''), outcome: 'refused' };
  }
  if (isTooLarge(error)) {
    return { status: TOO_LARGE, message: `request body is larger than ${error.limit} bytes`, outcome: 'refused' };
  }
  const outcome = isRefusal(error) ? 'refused' : 'failed';
  return { status: 500, message: errorText(error), outcome };
}

/** Source: raw-body's documentation, "Errors". */
function isTooLarge(error: unknown): error is { readonly limit: number } {
  return error instanceof Error && 'type' in error && error.type === 'entity.too.large' && 'limit' in error;
}
