/** Why a request cannot be carried out. */
export type DockerErrorCode =
  /** No engine answers at the socket, or not in the way that the Engine API says. */
  | 'DOCKER_UNREACHABLE'
  /** The engine and this client have no API version in common. */
  | 'DOCKER_UNSUPPORTED'
  /** The engine refuses the request; the message is its own. */
  | 'DOCKER_REFUSED';

const identity = Symbol.for('@routed/docker-engine/DockerError');

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
  readonly [identity] = true;
  readonly code: DockerErrorCode;

  constructor(code: DockerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an error of this library, also when two copies of it are loaded. */
export function isDockerError(error: unknown): error is DockerError {
  return error instanceof Error && identity in error;
}
