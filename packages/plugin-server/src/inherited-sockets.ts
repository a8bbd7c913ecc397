import { PluginServerError } from './errors.ts';
import type { SocketPlace } from './plugin-server.ts';

/** The sockets that the daemon serves, by the names that a service manager gives them. */
export const SOCKET_NAMES = ['routed', 'net-routed', 'ipam-routed', 'admin'] as const;

/** The name of a socket; `admin` is for operators, the others are those of the plugins that Docker finds there. */
export type SocketName = (typeof SOCKET_NAMES)[number];

/** File descriptors of listening sockets, by their names. */
export type InheritedSockets = ReadonlyMap<SocketName, number>;

/** Where a socket is served: the one that was inherited under this name, else at the path. */
export function placeOf(name: SocketName, path: string, inherited: InheritedSockets): SocketPlace {
  const fd = inherited.get(name);
  return fd === undefined ? { path } : { name, fd };
}

/** The first inherited file descriptor. Source: sd_listen_fds(3), SD_LISTEN_FDS_START. */
const FIRST_FD = 3;

/**
 * The listening sockets that a service manager has handed to this process, as file descriptors. Empty when it was
 * started in any other way, or when the sockets were meant for another process.
 *
 * Source: sd_listen_fds(3).
 *
 * @throws PluginServerError SOCKET_UNUSABLE when a name is missing, unknown, or used twice
 */
export function inheritedSockets(env: Readonly<Record<string, string | undefined>>, pid: number): InheritedSockets {
  const { LISTEN_PID, LISTEN_FDS = '', LISTEN_FDNAMES = '' } = env;
  if (LISTEN_PID !== String(pid)) return new Map();
  const names = LISTEN_FDNAMES.split(':');
  if (!/^\d+$/.test(LISTEN_FDS) || names.length !== Number(LISTEN_FDS)) {
    throw unusable(`LISTEN_FDS=${LISTEN_FDS} with LISTEN_FDNAMES=${LISTEN_FDNAMES}: every socket needs its name`);
  }
  const sockets = new Map<SocketName, number>();
  for (const [index, text] of names.entries()) {
    const name = SOCKET_NAMES.find((known) => known === text);
    if (name === undefined) throw unusable(`there is no socket named "${text}"`);
    if (sockets.has(name)) throw unusable(`two sockets are named "${text}"`);
    sockets.set(name, FIRST_FD + index);
  }
  return sockets;
}

function unusable(reason: string): PluginServerError {
  return new PluginServerError(
    'SOCKET_UNUSABLE',
    `sockets of the service manager: ${reason}: give each .socket unit FileDescriptorName= with one of ` +
      SOCKET_NAMES.join(', '),
  );
}
