import { constants } from 'node:fs';
import { access, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { PluginServerError } from './errors.ts';

/** Longest path of a unix socket, in bytes. Source: linux uapi un.h, sun_path less its NUL. */
const PATH_LIMIT_BYTES = 107;

/**
 * Makes a path ready to listen at: its directory is there, and no socket of a dead process is in the way.
 *
 * @throws PluginServerError SOCKET_IN_USE when a living process answers there
 * @throws PluginServerError SOCKET_UNUSABLE when the directory cannot be written, the path is too long, or something else
 *   than a socket is there
 */
export async function claimSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) {
    throw new PluginServerError('SOCKET_UNUSABLE', `socket path ${path} is longer than ${PATH_LIMIT_BYTES} bytes`);
  }
  await ensureDirectory(dirname(path));
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new PluginServerError('SOCKET_UNUSABLE', `${path} exists and is not a socket: move it away`);
  }
  if (await isServed(path)) {
    throw new PluginServerError('SOCKET_IN_USE', `another process is serving ${path}: stop it first`);
  }
  await unlink(path);
}

async function ensureDirectory(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
    // With the dot, a plain file of that name is refused too.
    await access(`${directory}/.`, constants.W_OK);
  } catch (error) {
    throw new PluginServerError(
      'SOCKET_UNUSABLE',
      `directory ${directory} is not writable (${(error as Error).message}): run as root, or name another with ` +
        '--plugin-dir, or --admin-socket for that of the commands',
      { cause: error },
    );
  }
}

/** Like mkdir -p. Node's own recursive mkdir never returns where the file system has no new directories (/proc). */
async function makeDirectory(directory: string): Promise<void> {
  const create = (): Promise<void> => mkdir(directory, { mode: 0o755 });
  try {
    await create();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await isThere(dirname(directory)))) throw error;
    await makeDirectory(dirname(directory));
    await create();
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Whether a process is listening; a socket file that nobody listens at refuses the connection. */
export async function isServed(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
