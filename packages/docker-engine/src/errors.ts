import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** Why a request cannot be carried out. */
export type DockerErrorCode =
  /** No engine answers at the socket, or not in the way that the Engine API says. */
  | 'DOCKER_UNREACHABLE'
  /** The engine and this client have no API version in common. */
  | 'DOCKER_UNSUPPORTED'
  /** The engine refuses the request; the message is its own. */
  | 'DOCKER_REFUSED';

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DockerError extends CodedError<DockerErrorCode> {
  static override readonly mark = Symbol.for('@routed/docker-engine/DockerError');
  override readonly name = 'DockerError';
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isDockerError: ErrorGuard<DockerError> = guardFor(DockerError);
