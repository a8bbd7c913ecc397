import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** A reply as it came. */
export interface RawReply {
  readonly status: number;
  readonly body: string;
}

/** Sends a request that no Docker would send. */
export async function send(socketPath: string, path: string, body: string, method = 'POST'): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, agent: false }, (reply) => {
      text(reply).then((received) => resolve({ status: reply.statusCode ?? 0, body: received }), reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** Sends bytes, and returns what comes back until the other side closes. */
export async function sendBytes(socketPath: string, bytes: string): Promise<string> {
  const socket = connect(socketPath);
  socket.write(bytes);
  return text(socket);
}
