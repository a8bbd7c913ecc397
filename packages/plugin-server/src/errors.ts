import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** Why a request cannot be carried out. */
export type PluginServerErrorCode = 'INVALID_OPTION' | 'SOCKET_IN_USE' | 'SOCKET_UNUSABLE';

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class PluginServerError extends CodedError<PluginServerErrorCode> {
  static override readonly mark = Symbol.for('@routed/plugin-server/PluginServerError');
  override readonly name = 'PluginServerError';
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isPluginServerError: ErrorGuard<PluginServerError> = guardFor(PluginServerError);
