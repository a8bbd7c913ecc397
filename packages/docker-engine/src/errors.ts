import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** Why a request cannot be carried out. */
export type DockerErrorCode = 'DOCKER_UNREACHABLE';

/** The one error class of this library: a stable `code`, and a message that names the thing and the fix. */
export class DockerError extends CodedError<DockerErrorCode> {
  static override readonly mark = Symbol.for('@routed/docker-engine/DockerError');
  override readonly name = 'DockerError';
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isDockerError: ErrorGuard<DockerError> = guardFor(DockerError);
