/** Why a request cannot be carried out. */
export type DriverErrorCode =
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_UNKNOWN'
  | 'CONTAINER_AMBIGUOUS'
  | 'CONTAINER_UNKNOWN'
  | 'ENDPOINT_UNKNOWN'
  | 'FOREIGN_IPAM'
  | 'INVALID_ADDRESS'
  | 'INVALID_OPTION'
  | 'MTU_TOO_SMALL'
  | 'NETWORK_AMBIGUOUS'
  | 'NETWORK_UNKNOWN'
  | 'POOL_REQUIRED'
  | 'SANDBOX_UNREACHABLE'
  | 'STATE_UNUSABLE';

const identity = Symbol.for('@routed/driver/DriverError');

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly [identity] = true;
  readonly code: DriverErrorCode;

  constructor(code: DriverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an error of this library, also when two copies of it are loaded. */
export function isDriverError(error: unknown, code?: DriverErrorCode): error is DriverError {
  return error instanceof Error && identity in error && (code === undefined || (error as DriverError).code === code);
}
