/** Why a request cannot be carried out. */
export type DoctorErrorCode = 'STATE_UNREADABLE';

const identity = Symbol.for('@routed/doctor/DoctorError');

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DoctorError extends Error {
  override readonly name = 'DoctorError';
  readonly [identity] = true;
  readonly code: DoctorErrorCode;

  constructor(code: DoctorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an error of this library, also when two copies of it are loaded. */
export function isDoctorError(error: unknown): error is DoctorError {
  return error instanceof Error && identity in error;
}
