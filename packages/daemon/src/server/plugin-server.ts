import { chmod } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type Koa from 'koa';
import { claimSocketPath } from './socket-file.ts';

/** A plugin socket that is being served. */
export interface PluginServer {
  readonly path: string;
  /** Takes no more requests, lets those under way finish, and removes the socket file. */
  close(): Promise<void>;
}

/**
 * Serves an application on a unix socket that only root and its group may use.
 *
 * @throws RoutedError SOCKET_IN_USE, SOCKET_UNUSABLE
 */
export async function listen(path: string, app: Koa): Promise<PluginServer> {
  await claimSocketPath(path);
  const handle = app.callback();
  const underWay = new Set<ServerResponse>();
  const connections = new Set<Socket>();
  const server = createServer(
    {
      // Docker 20.10 sends an empty Host header.
      requireHostHeader: false,
      // Docker retries a call with an empty body when the connection dies under it, so an idle one is never closed.
      keepAliveTimeout: 0,
    },
    (request, response) => {
      underWay.add(response);
      response.once('close', () => underWay.delete(response));
      void handle(request, response);
    },
  );
  server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  await chmod(path, 0o660);
  return { path, close: () => close(server, underWay, connections) };
}

/** How long a request under way may keep the server from closing. */
const GRACE_MS = 10_000;

/** How long a connection may still come up with its first request, when the server closes. */
const SILENCE_MS = 100;

/** Closing the server removes the socket file at once (libuv), so that a successor can take the path. */
async function close(
  server: Server,
  underWay: ReadonlySet<ServerResponse>,
  connections: ReadonlySet<Socket>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  for (const response of underWay) {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  }
  server.closeIdleConnections();
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    // Docker opens connections in advance; to Node, one that never carried a request is not idle.
    for (const connection of connections) if (connection.bytesRead === 0) connection.destroy();
  }, SILENCE_MS);
  const impatience = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(impatience);
}
