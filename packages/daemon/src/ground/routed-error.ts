/** Why a request cannot be carried out; the text goes to Docker's user as it is. */
export type RoutedErrorCode =
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_UNKNOWN'
  | 'CONTAINER_AMBIGUOUS'
  | 'CONTAINER_UNKNOWN'
  | 'CONTAINERS_RUN'
  | 'DAEMON_RUNS'
  | 'DAEMON_UNREACHABLE'
  | 'DOCKER_UNREACHABLE'
  | 'ENDPOINT_UNKNOWN'
  | 'FOREIGN_IPAM'
  | 'INVALID_ADDRESS'
  | 'INVALID_OPTION'
  | 'KERNEL_FEATURE_MISSING'
  | 'LINK_MISSING'
  | 'LINK_NAME_CLASH'
  | 'MTU_TOO_SMALL'
  | 'NETWORK_AMBIGUOUS'
  | 'NETWORK_UNKNOWN'
  | 'NOT_PERMITTED'
  | 'OUTPUT_UNUSABLE'
  | 'POOL_REQUIRED'
  | 'SANDBOX_UNREACHABLE'
  | 'SOCKET_IN_USE'
  | 'SOCKET_UNUSABLE'
  | 'STATE_LOCKED'
  | 'STATE_NEWER'
  | 'STATE_NOT_WRITTEN'
  | 'STATE_UNREADABLE'
  | 'STATE_UNUSABLE';

/** The daemon's one error class: a stable `code` and a message that names the thing and the way out. */
export class RoutedError extends Error {
  override readonly name = 'RoutedError';
  readonly code: RoutedErrorCode;

  constructor(code: RoutedErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
