import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** Why a request cannot be carried out. */
export type DriverErrorCode =
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_UNKNOWN'
  | 'ANNOUNCEMENT_REFUSED'
  | 'BLOCKS_EXHAUSTED'
  | 'CONTAINER_AMBIGUOUS'
  | 'CONTAINER_UNKNOWN'
  | 'ENDPOINT_UNKNOWN'
  | 'FOREIGN_DRIVER'
  | 'FOREIGN_IPAM'
  | 'INVALID_ADDRESS'
  | 'INVALID_OPTION'
  | 'MTU_TOO_SMALL'
  | 'NETWORK_AMBIGUOUS'
  | 'NETWORK_IN_USE'
  | 'NETWORK_UNKNOWN'
  | 'POOL_REQUIRED'
  | 'SANDBOX_UNREACHABLE'
  | 'STATE_UNUSABLE';

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DriverError extends CodedError<DriverErrorCode> {
  static override readonly mark = Symbol.for('@routed/driver/DriverError');
  override readonly name = 'DriverError';
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isDriverError: ErrorGuard<DriverError> = guardFor(DriverError);
