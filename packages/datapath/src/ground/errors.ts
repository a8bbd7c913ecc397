import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** Why a request cannot be carried out. */
export type DatapathErrorCode =
  'ADDRESS_IN_USE' | 'KERNEL_FEATURE_MISSING' | 'LINK_MISSING' | 'LINK_NAME_CLASH' | 'NOT_PERMITTED';

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DatapathError extends CodedError<DatapathErrorCode> {
  static override readonly mark = Symbol.for('@routed/datapath/DatapathError');
  override readonly name = 'DatapathError';
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isDatapathError: ErrorGuard<DatapathError> = guardFor(DatapathError);
