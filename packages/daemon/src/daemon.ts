import { createAdminApp } from './admin/admin-app.ts';
import type { ServeOptions } from './cli/serve-options.ts';
import { createDeferred } from './deferred.ts';
import { ipamCapabilities } from './drivers/ipam-driver.ts';
import { networkCapabilities } from './drivers/network-driver.ts';
import { type Life, startLife } from './life.ts';
import type { Logger } from './logger.ts';
import { type InheritedSockets, placeOf } from './server/inherited-sockets.ts';
import { listen, type PluginServer } from './server/plugin-server.ts';
import { servePlugins } from './server/plugin-servers.ts';

/** The running daemon. */
export interface Daemon {
  /** Lets the requests under way finish, deletes the links that wait for it, and removes the sockets that it made. */
  stop(): Promise<void>;
}

/** Root alone: who reaches it can give any container any address. */
const ADMIN_SOCKET_MODE = 0o600;

/**
 * Starts the daemon with the real kernel.
 *
 * The sockets are served before anything is loaded, so that Docker is answered at once; calls that need more wait.
 */
export async function startDaemon(options: ServeOptions, inherited: InheritedSockets, logger: Logger): Promise<Daemon> {
  const loading = createDeferred<Life>();
  const servers = await serveSockets(options, inherited, loading.promise, logger);
  try {
    const life = await startLife(options, logger);
    loading.resolve(life.ready.then(() => life));
    return {
      stop: async () => {
        await servers.close();
        await life.close();
      },
    };
  } catch (error) {
    loading.reject(error);
    await servers.close();
    throw error;
  }
}

/** The sockets of Docker and that of operators. */
async function serveSockets(
  { sockets, adminSocket }: ServeOptions,
  inherited: InheritedSockets,
  loaded: Promise<Life>,
  logger: Logger,
): Promise<Pick<PluginServer, 'close'>> {
  const atOnce = { network: networkCapabilities, ipam: ipamCapabilities };
  const plugins = await servePlugins({ paths: sockets, inherited }, { atOnce, loaded, logger });
  try {
    const app = createAdminApp({ loaded: loaded.then(({ admin }) => admin), logger });
    const admin = await listen(placeOf('admin', adminSocket, inherited), app, ADMIN_SOCKET_MODE);
    return {
      close: async () => {
        await Promise.all([plugins.close(), admin.close()]);
      },
    };
  } catch (error) {
    await plugins.close();
    throw error;
  }
}
