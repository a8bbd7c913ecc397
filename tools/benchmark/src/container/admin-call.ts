import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Host } from '@routed/lab';

const adminSocket = '/run/routed/admin.sock';

/** Asks the daemon as `routed-plugin address` does, on a connection of its own. @throws Error with what it answered */
export async function callAdmin(host: Host, method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void> {
  const socketPath = host.outsidePath(adminSocket);
  const { status, answer } = await new Promise<{ readonly status: number; readonly answer: string }>(
    (resolve, reject) => {
      const headers = { 'Content-Type': 'application/json' };
      const call = request({ socketPath, method, path, headers, agent: false }, (reply) => {
        text(reply).then((answer) => resolve({ status: reply.statusCode ?? 0, answer }), reject);
      });
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    },
  );
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${answer}`);
}
