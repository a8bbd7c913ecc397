/** Why a request cannot be carried out. */
export type PluginServerErrorCode = 'INVALID_OPTION' | 'SOCKET_IN_USE' | 'SOCKET_UNUSABLE';

const identity = Symbol.for('@routed/plugin-server/PluginServerError');

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class PluginServerError extends Error {
  override readonly name = 'PluginServerError';
  readonly [identity] = true;
  readonly code: PluginServerErrorCode;

  constructor(code: PluginServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an error of this library, also when two copies of it are loaded. */
export function isPluginServerError(error: unknown, code?: PluginServerErrorCode): error is PluginServerError {
  return (
    error instanceof Error && identity in error && (code === undefined || (error as PluginServerError).code === code)
  );
}
