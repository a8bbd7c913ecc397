import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { PLUGIN_CONTENT_TYPE } from '../well-known.ts';
import { PluginCallError } from './plugin-call-error.ts';

/** One HTTP exchange. */
export interface Post {
  readonly agent: Agent;
  readonly socketPath: string;
  readonly hostHeader: string;
  readonly method: string;
  /** The whole body; `''` sends `Content-Length: 0`. */
  readonly body: string;
  /** Aborted when the client closes. */
  readonly closed: AbortSignal;
  readonly signal: AbortSignal | undefined;
}

/**
 * Posts a body with exactly the headers of Docker's client.
 *
 * @throws {@link PluginCallError} `NO_REPLY`
 * @throws the signal's reason once it is aborted
 */
export async function post(exchange: Post): Promise<{ readonly status: number; readonly body: string }> {
  const { closed, method, signal } = exchange;
  signal?.throwIfAborted();
  try {
    closed.throwIfAborted();
    const response = await send(exchange, signal === undefined ? closed : AbortSignal.any([closed, signal]));
    return { status: response.statusCode ?? 0, body: await text(response) };
  } catch (error) {
    signal?.throwIfAborted();
    const cause: unknown = closed.aborted ? closed.reason : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginCallError('NO_REPLY', method, 0, `${method}: no reply: ${reason}`, cause);
  }
}

function send(exchange: Post, signal: AbortSignal): Promise<IncomingMessage> {
  const { agent, body, hostHeader, method, socketPath } = exchange;
  return new Promise((resolve, reject) => {
    const headers = {
      Host: hostHeader,
      'User-Agent': 'Go-http-client/1.1',
      'Content-Length': Buffer.byteLength(body),
      Accept: PLUGIN_CONTENT_TYPE,
    };
    const request = httpRequest({
      agent,
      headers,
      method: 'POST',
      path: `/${method}`,
      setHost: false,
      signal,
      socketPath,
    });
    request.removeHeader('Connection'); // Go sends none; the connection is kept all the same.
    request.on('error', reject).on('response', resolve).end(body);
  });
}
