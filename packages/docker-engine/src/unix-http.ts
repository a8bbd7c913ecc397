import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
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
  readonly signal?: AbortSignal | undefined;
}

/** What it answered. */
export interface UnixReply {
  readonly status: number;
  /** The body as JSON; undefined when it is none. */
  readonly body: unknown;
}

/** Asks an HTTP server at a unix socket. Rejects when it cannot be reached or is silent for too long. */
export async function askUnixServer(asked: UnixRequest): Promise<UnixReply> {
  const reply = await openUnixReply(asked);
  return { status: reply.statusCode ?? 0, body: parse(await text(reply)) };
}

/** The same, for a reply that is read as it comes. */
export async function openUnixReply({
  socketPath,
  method,
  path,
  body,
  timeoutMs,
  signal,
}: UnixRequest): Promise<IncomingMessage> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const headers = sent === undefined ? {} : { 'Content-Type': 'application/json' };
    // An agent would prepare for host names and TLS: a fifth of what a command takes.
    const createConnection = (): Socket => connect({ path: socketPath, timeout: timeoutMs });
    const call = request({ createConnection, method, path, headers, timeout: timeoutMs, signal });
    call.on('timeout', () => {
      const silence = new Error(`no answer within ${timeoutMs / 1000} s`);
      call.destroy(silence);
      reply?.destroy(silence);
    });
    let reply: IncomingMessage | undefined;
    call.on('response', (response) => {
      reply = response;
      resolve(response);
    });
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
