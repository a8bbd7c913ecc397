import { DockerError } from './errors.ts';

/** Docker could not be asked for something of its own, such as `containers`. */
export function unreachable(what: string, socketPath: string, reason: string, cause?: unknown): DockerError {
  return new DockerError(
    'DOCKER_UNREACHABLE',
    `Docker cannot be asked for its ${what} at ${socketPath} (${reason}): name its socket with --docker-socket`,
    { cause },
  );
}
