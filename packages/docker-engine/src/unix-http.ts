import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What is asked of an HTTP server at a unix socket. */
export interface UnixRequest {
  readonly socketPath: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With query. */
  readonly path: string;
  readonly body?: unknown;
  /** How long the server may be silent. */
  readonly timeoutMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** What it answered. */
export interface UnixReply {
  readonly status: number;
  /** The body as JSON; undefined when it is none. */
  readonly body: unknown;
}

/** Asks an HTTP server at a unix socket. Rejects when it cannot be reached or is silent for too long. */
export async function askUnixServer({
  socketPath,
  method,
  path,
  body,
  timeoutMs,
  signal,
}: UnixRequest): Promise<UnixReply> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const headers = sent === undefined ? {} : { 'Content-Type': 'application/json' };
    const options = { socketPath, method, path, headers, timeout: timeoutMs, agent: false, signal };
    const call = request(options, (reply) => {
      text(reply).then((received) => resolve({ status: reply.statusCode ?? 0, body: parse(received) }), reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    call.on('error', reject);
    call.end(sent);
  });
}

function parse(received: string): unknown {
  try {
    return JSON.parse(received);
  } catch {
    return undefined;
  }
}
