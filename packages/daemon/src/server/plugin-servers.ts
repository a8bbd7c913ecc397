import type { SocketPaths } from '../cli/serve-options.ts';
import type { Logger } from '../logger.ts';
import { createPluginApp, type Handlers } from './plugin-app.ts';
import { listen, type PluginServer } from './plugin-server.ts';

/** The plugin sockets being served. */
export interface PluginServers {
  close(): Promise<void>;
}

/** What each driver answers. */
export interface Drivers {
  readonly network: Handlers;
  readonly ipam: Handlers;
  /** Settled when the state of an earlier life has been taken up; calls that need it wait. */
  readonly ready: Promise<void>;
  readonly logger: Logger;
}

/**
 * Serves the drivers under three names: both as one, and each alone.
 *
 * @throws RoutedError SOCKET_IN_USE, SOCKET_UNUSABLE; no socket is left then
 */
export async function servePlugins(paths: SocketPaths, drivers: Drivers): Promise<PluginServers> {
  const { network, ipam, ready, logger } = drivers;
  const plugins: readonly (readonly [string, Handlers])[] = [
    [paths.routed, { ...activation(['NetworkDriver', 'IpamDriver']), ...network, ...ipam }],
    [paths.network, { ...activation(['NetworkDriver']), ...network }],
    [paths.ipam, { ...activation(['IpamDriver']), ...ipam }],
  ];
  const servers: PluginServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (const [path, handlers] of plugins)
      servers.push(await listen(path, createPluginApp(handlers, { ready, logger })));
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function activation(roles: string[]): Handlers {
  return { 'Plugin.Activate': () => ({ Implements: roles }) };
}
