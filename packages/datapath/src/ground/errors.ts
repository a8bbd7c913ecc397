/** Why a request cannot be carried out. */
export type DatapathErrorCode =
  'ADDRESS_IN_USE' | 'KERNEL_FEATURE_MISSING' | 'LINK_MISSING' | 'LINK_NAME_CLASH' | 'NOT_PERMITTED';

const identity = Symbol.for('@routed/datapath/DatapathError');

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DatapathError extends Error {
  override readonly name = 'DatapathError';
  readonly [identity] = true;
  readonly code: DatapathErrorCode;

  constructor(code: DatapathErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an error of this library, also when two copies of it are loaded. */
export function isDatapathError(error: unknown, code?: DatapathErrorCode): error is DatapathError {
  return error instanceof Error && identity in error && (code === undefined || (error as DatapathError).code === code);
}
