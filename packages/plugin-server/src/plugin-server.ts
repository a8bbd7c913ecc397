import { once } from 'node:events';
import { chmod, chown } from 'node:fs/promises';
import type { Server } from 'node:http';
import type Koa from 'koa';
import type { Logger } from './logger.ts';
import { PluginServerError } from './errors.ts';
import { GracefulServer } from './graceful-server.ts';
import type { ServerLimits } from './server-limits.ts';
import { claimSocketPath } from './socket-file.ts';
import { SocketKeeper } from './socket-keeper.ts';

/** A plugin socket that is being served. */
export interface PluginServer {
  /** Why nobody reaches its socket now, for people; empty is good. */
  problems(): readonly string[];
  /** Takes no more requests, lets those under way finish, and removes the socket file if it made it. */
  close(): Promise<void>;
}

const ROOT_ALONE = 0o600;
const ROOT_AND_GROUP = 0o660;

/** What a server is set to. */
export interface ListenSettings {
  readonly limits: ServerLimits;
  /** Number of the group that may use a socket file besides root. */
  readonly socketGroup?: number | undefined;
  readonly logger: Pick<Logger, 'warn'>;
}

/** A socket file to be made, or a socket that the service manager listens at already and keeps. */
export type SocketPlace = { readonly path: string } | { readonly name: string; readonly fd: number };

/** A TCP port: for what nobody who reaches it needs a permission for. */
export interface PortPlace {
  readonly port: number;
  /** The address that it is served at; default 127.0.0.1. */
  readonly host?: string;
}

/**
 * Serves an application on a unix socket. One that is made here is for root alone, and for the group if one is given; it
 * is made anew when somebody takes its file away.
 *
 * @throws PluginServerError SOCKET_IN_USE, SOCKET_UNUSABLE
 */
export async function listen(
  place: SocketPlace | PortPlace,
  app: Koa,
  { limits, socketGroup, logger }: ListenSettings,
): Promise<PluginServer> {
  const handle = app.callback();
  const graceful = new GracefulServer((request, response) => void handle(request, response), limits);
  const start = async (): Promise<void> => {
    if ('path' in place) await claimSocketPath(place.path);
    // Nobody reaches what it listened at before, if anything.
    if (graceful.server.listening) graceful.stopListening();
    await startListening(graceful.server, place, limits.connections);
    if ('path' in place && socketGroup !== undefined) await giveToGroup(place.path, socketGroup);
  };
  await start().catch(async (error: unknown) => {
    if (graceful.server.listening) await graceful.close();
    throw error;
  });
  const path = graceful.server.address();
  // Neither a port nor an abstract socket has a file.
  if (typeof path !== 'string' || !path.startsWith('/')) return { problems: () => [], close: () => graceful.close() };
  const keeper = new SocketKeeper({ path, listenAgain: 'path' in place ? start : undefined, logger });
  return {
    problems: () => (keeper.problem === undefined ? [] : [keeper.problem]),
    close: async () => {
      await keeper.stop();
      await graceful.close();
    },
  };
}

/** As many wait to be accepted as may be connected: Docker's connect fails at once, with EAGAIN, when no more may wait. */
async function startListening(
  server: Server,
  place: SocketPlace | PortPlace,
  backlog: ServerLimits['connections'],
): Promise<void> {
  if ('path' in place) {
    const umask = process.umask(~ROOT_ALONE & 0o777);
    // The file is made before this returns.
    server.listen({ path: place.path, backlog });
    process.umask(umask);
    await once(server, 'listening');
  } else if ('port' in place) {
    server.listen({ port: place.port, host: place.host ?? '127.0.0.1', backlog });
    await once(server, 'listening').catch((error: unknown) => {
      throw new PluginServerError(
        'SOCKET_UNUSABLE',
        `port ${place.port} cannot be served: ${(error as Error).message}`,
      );
    });
  } else {
    await takeOver(server, place, backlog);
  }
}

async function giveToGroup(path: string, group: number): Promise<void> {
  try {
    // -1: the owner stays.
    await chown(path, -1, group);
    await chmod(path, ROOT_AND_GROUP);
  } catch (error) {
    throw new PluginServerError(
      'SOCKET_UNUSABLE',
      `socket ${path} cannot be assigned to group ${group} (${(error as Error).message}): run as root with that group ` +
        'among the supplementary ones (SupplementaryGroups= of systemd, --group-add of docker run), or with CAP_CHOWN',
      { cause: error },
    );
  }
}

async function takeOver(
  server: Server,
  place: { readonly name: string; readonly fd: number },
  backlog: ServerLimits['connections'],
): Promise<void> {
  server.listen({ fd: place.fd, backlog });
  try {
    await once(server, 'listening');
    // Node describes a TCP socket by an object: whoever reaches that would be root here.
    if (typeof server.address() === 'object' && server.address() !== null) throw new Error('it is a TCP socket');
  } catch (error) {
    server.close();
    throw new PluginServerError(
      'SOCKET_UNUSABLE',
      `socket ${place.name} of the service manager cannot be served (${(error as Error).message}): ` +
        'set ListenStream= to the path of a unix socket in its .socket unit',
      { cause: error },
    );
  }
}
