import { z } from 'zod';
import { RoutedError } from '../routed-error.ts';
import { askUnixServer, type UnixRequest } from '../unix-http.ts';

const ANSWER_TIMEOUT_MS = 60_000;

const errorBody = z.object({ error: z.object({ message: z.string() }) });

/** An error that the daemon answered; its message is for the operator. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
}

/**
 * Asks the running daemon.
 *
 * @throws AdminError with the daemon's own words
 * @throws RoutedError DAEMON_UNREACHABLE
 */
export async function askDaemon(
  socketPath: string,
  request: Pick<UnixRequest, 'method' | 'path' | 'body'>,
): Promise<unknown> {
  const reply = await askUnixServer({ socketPath, timeoutMs: ANSWER_TIMEOUT_MS, ...request }).catch(
    (error: unknown) => {
      throw unreachableDaemon(socketPath, error as NodeJS.ErrnoException);
    },
  );
  if (reply.status === 200) return reply.body;
  const parsed = errorBody.safeParse(reply.body);
  throw new AdminError(parsed.success ? parsed.data.error.message : `routed-plugin answered ${reply.status}`);
}

/** The error for a daemon that cannot be asked, with what to do. */
export function unreachableDaemon(socketPath: string, cause: NodeJS.ErrnoException): RoutedError {
  const remedy =
    cause.code === 'EACCES'
      ? 'it is for root, and for the group that --socket-group names: run this command as root'
      : 'start routed-plugin, or name its socket with --admin-socket';
  return new RoutedError(
    'DAEMON_UNREACHABLE',
    `routed-plugin does not answer at ${socketPath} (${cause.code ?? cause.message}): ${remedy}`,
    { cause },
  );
}
