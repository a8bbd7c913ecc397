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
  readonly signal: AbortSignal | undefined;
}

/**
 * Posts a body with exactly the headers of Docker's client.
 *
 * @throws {@link PluginCallError} `NO_REPLY`
 * @throws the signal's reason once it is aborted
 */
export async function post(exchange: Post): Promise<{ readonly status: number; readonly body: string }> {
  try {
    const response = await send(exchange);
    return { status: response.statusCode ?? 0, body: await text(response) };
  } catch (cause) {
    exchange.signal?.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginCallError('NO_REPLY', exchange.method, 0, `${exchange.method}: no reply: ${reason}`, cause);
  }
}

function send(exchange: Post): Promise<IncomingMessage> {
  const { agent, body, hostHeader, method, signal, socketPath } = exchange;
  const headers = {
    Host: hostHeader,
    'User-Agent': 'Go-http-client/1.1',
    'Content-Length': Buffer.byteLength(body),
    Accept: PLUGIN_CONTENT_TYPE,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      agent,
      headers,
      method: 'POST',
      path: `/${method}`,
      setHost: false,
      socketPath,
      ...(signal && { signal }),
    });
    request.removeHeader('Connection'); // Go sends none; the connection is kept all the same.
    request.on('error', reject).on('response', resolve).end(body);
  });
}
