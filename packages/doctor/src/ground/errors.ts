import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** Why a request cannot be carried out. */
export type DoctorErrorCode = 'STATE_UNREADABLE';

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DoctorError extends CodedError<DoctorErrorCode> {
  static override readonly mark = Symbol.for('@routed/doctor/DoctorError');
  override readonly name = 'DoctorError';
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isDoctorError: ErrorGuard<DoctorError> = guardFor(DoctorError);
