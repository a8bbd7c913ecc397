import { askUnixServer, type UnixRequest } from '@routed/docker-engine/unix-http';
import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { RoutedError } from '../ground/routed-error.ts';

const ANSWER_TIMEOUT_MS = 60_000;

/** Media type of lines of JSON. */
export const LINES_TYPE = 'application/x-ndjson';

/** What is asked. */
type Request = Pick<UnixRequest, 'method' | 'path' | 'body'>;

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** An error that the daemon answered; its message is for the operator. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  /** That of the daemon's error; `NOT_ROUTED` when somebody else answered. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Asks the running daemon.
 *
 * @throws AdminError with the daemon's own words, or NOT_ROUTED
 * @throws RoutedError DAEMON_UNREACHABLE
 */
export async function askDaemon(socketPath: string, request: Request): Promise<unknown> {
  const reply = await askUnixServer({ socketPath, timeoutMs: ANSWER_TIMEOUT_MS, ...request }).catch(
    (error: unknown) => {
      throw unreachableDaemon(socketPath, error as NodeJS.ErrnoException);
    },
  );
  if (reply.status === 200 && reply.body !== undefined) return reply.body;
  throw answeredError(socketPath, reply.body);
}

/**
 * {@link askDaemon}, with a reply of this shape. Fields that the shape does not name are left out: a newer daemon may send more.
 *
 * @param request what is asked for; a path alone is read
 * @throws AdminError, RoutedError; AdminError OTHER_RELEASE when the reply is of another shape
 */
export async function askDaemonFor<T>(socketPath: string, request: string | Request, shape: z.ZodType<T>): Promise<T> {
  const asked: Request = typeof request === 'string' ? { method: 'GET', path: request } : request;
  return inShape(socketPath, await askDaemon(socketPath, asked), shape);
}

/**
 * Asks the running daemon for lines of this shape, which may go on coming.
 *
 * @throws AdminError with the daemon's own words, NOT_ROUTED or OTHER_RELEASE
 * @throws RoutedError DAEMON_UNREACHABLE
 */
export async function* askDaemonForLines<T>(
  socketPath: string,
  path: string,
  shape: z.ZodType<T>,
): AsyncGenerator<T, void, undefined> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ socketPath, path, agent: false }, resolve);
    call.on('error', (error) => reject(unreachableDaemon(socketPath, error)));
    call.end();
  });
  if (reply.statusCode !== 200 || reply.headers['content-type'] !== LINES_TYPE) {
    throw answeredError(socketPath, await json(reply).catch(() => undefined));
  }
  const { createInterface } = await import('node:readline');
  for await (const line of createInterface({ input: reply })) {
    if (line !== '') yield inShape(socketPath, JSON.parse(line), shape);
  }
}

/** @throws AdminError OTHER_RELEASE */
function inShape<T>(socketPath: string, value: unknown, shape: z.ZodType<T>): T {
  const { data, error } = shape.safeParse(value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  throw new AdminError(
    'OTHER_RELEASE',
    `routed-plugin at ${socketPath} is of another release than this command ` +
      `(${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}): restart routed-plugin`,
  );
}

/** The error in a reply; every reply of the daemon's that is no success has one. */
function answeredError(socketPath: string, body: unknown): AdminError {
  const parsed = errorBody.safeParse(body);
  if (parsed.success) return new AdminError(parsed.data.error.code, parsed.data.error.message);
  return new AdminError(
    'NOT_ROUTED',
    `the server at ${socketPath} is not routed-plugin, or this is not its admin socket: ` +
      'name the admin socket with --admin-socket',
  );
}

/** The error for a daemon that cannot be asked, with what to do. */
export function unreachableDaemon(socketPath: string, cause: NodeJS.ErrnoException): RoutedError {
  const remedy =
    cause.code === 'EACCES'
      ? 'only root and the group of --socket-group may use it: run this command as root'
      : 'start routed-plugin, or name its socket with --admin-socket';
  return new RoutedError(
    'DAEMON_UNREACHABLE',
    `routed-plugin does not answer at ${socketPath} (${cause.code ?? cause.message}): ${remedy}`,
    { cause },
  );
}
