import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import type { Server } from 'node:http';
import type Koa from 'koa';
import { RoutedError } from '../routed-error.ts';
import { GracefulServer } from './graceful-server.ts';
import { claimSocketPath } from './socket-file.ts';

/** A plugin socket that is being served. */
export interface PluginServer {
  /** Takes no more requests, lets those under way finish, and removes the socket file if it made it. */
  close(): Promise<void>;
}

/** Root and its group. */
const PLUGIN_SOCKET_MODE = 0o660;

/** A socket file to be made, or a socket that the service manager listens at already and keeps. */
export type SocketPlace = { readonly path: string } | { readonly name: string; readonly fd: number };

/** A TCP port on loopback: for what nobody needs a permission for. */
export interface LoopbackPlace {
  readonly port: number;
}

/**
 * Serves an application on a unix socket. One that is made here is for root and its group, unless `mode` says otherwise.
 *
 * @throws RoutedError SOCKET_IN_USE, SOCKET_UNUSABLE
 */
export async function listen(
  place: SocketPlace | LoopbackPlace,
  app: Koa,
  mode = PLUGIN_SOCKET_MODE,
): Promise<PluginServer> {
  if ('path' in place) await claimSocketPath(place.path);
  const handle = app.callback();
  const graceful = new GracefulServer((request, response) => void handle(request, response));
  await startListening(graceful.server, place);
  if ('path' in place) await chmod(place.path, mode);
  return { close: () => graceful.close() };
}

async function startListening(server: Server, place: SocketPlace | LoopbackPlace): Promise<void> {
  if ('path' in place) {
    server.listen({ path: place.path });
    await once(server, 'listening');
  } else if ('port' in place) {
    server.listen({ port: place.port, host: '127.0.0.1' });
    await once(server, 'listening').catch((error: unknown) => {
      throw new RoutedError('SOCKET_UNUSABLE', `port ${place.port} cannot be served: ${(error as Error).message}`);
    });
  } else {
    await takeOver(server, place);
  }
}

async function takeOver(server: Server, place: { readonly name: string; readonly fd: number }): Promise<void> {
  server.listen({ fd: place.fd });
  try {
    await once(server, 'listening');
    // Node describes a TCP socket by an object: whoever reaches that would be root here.
    if (typeof server.address() === 'object' && server.address() !== null) throw new Error('it is a TCP socket');
  } catch (error) {
    server.close();
    throw new RoutedError(
      'SOCKET_UNUSABLE',
      `socket ${place.name} of the service manager cannot be served (${(error as Error).message}): ` +
        'say ListenStream= with the path of a unix socket in its .socket unit',
      { cause: error },
    );
  }
}
