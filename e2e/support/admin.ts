import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Host } from '@routed/lab';

/** What the daemon answered: with status 200 what was asked for, else why not. */
export interface AdminReply {
  readonly status: number;
  readonly body: unknown;
}

/** Asks the running daemon what the commands of routed-plugin ask, without the third of a second that one takes to start. */
export async function askAdmin(
  host: Host,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<AdminReply> {
  const socketPath = host.outsidePath('/run/routed/admin.sock');
  const headers = { 'Content-Type': 'application/json' };
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers, agent: false }, (reply) => {
      const done = (received: string): void => {
        resolve({ status: reply.statusCode ?? 0, body: JSON.parse(received) as unknown });
      };
      text(reply).then(done, reject);
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
