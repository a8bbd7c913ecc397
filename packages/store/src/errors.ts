import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** Why a request cannot be carried out. */
export type StoreErrorCode = 'STATE_LOCKED' | 'STATE_NEWER' | 'STATE_NOT_WRITTEN' | 'STATE_UNREADABLE';

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class StoreError extends CodedError<StoreErrorCode> {
  static override readonly mark = Symbol.for('@routed/store/StoreError');
  override readonly name = 'StoreError';
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isStoreError: ErrorGuard<StoreError> = guardFor(StoreError);
