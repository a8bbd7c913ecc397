/** Why a request cannot be carried out. */
export type StoreErrorCode = 'STATE_LOCKED' | 'STATE_NEWER' | 'STATE_NOT_WRITTEN' | 'STATE_UNREADABLE';

const identity = Symbol.for('@routed/store/StoreError');

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly [identity] = true;
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an error of this library, also when two copies of it are loaded. */
export function isStoreError(error: unknown, code?: StoreErrorCode): error is StoreError {
  return error instanceof Error && identity in error && (code === undefined || (error as StoreError).code === code);
}
