import type { CallObserver } from '@routed/plugin-server';
import { isIpamError } from '@routed/ipam';
import { isOurError } from '../ground/our-errors.ts';
import {
  createPluginApp,
  type InheritedSockets,
  listen,
  placeOf,
  PLUGIN_LIMITS,
  type PluginServer,
  type SocketName,
} from '@routed/plugin-server';
import type { Handlers } from '@routed/plugin-protocol';
import type { Drivers } from '@routed/driver';
import type { SocketPaths } from './serve-options.ts';
import type { Logger } from '../ground/logger.ts';

/** Where the plugins are served. */
export interface PluginPlaces {
  readonly paths: SocketPaths;
  /** Sockets that are listening already; the others are made at their paths. */
  readonly inherited: InheritedSockets;
  /** Number of the group that may use those that are made here, besides root. */
  readonly socketGroup?: number | undefined;
}

/** What the plugins answer, and when. */
export interface PluginAnswers {
  /** What needs no state, answered at once. */
  readonly atOnce: Drivers;
  /** All calls, when the state of the previous run has been taken up. If that fails they fail for the same reason. */
  readonly loaded: Promise<Drivers>;
  readonly metrics: CallObserver;
  readonly logger: Logger;
}

/**
 * Serves the drivers under three names: both as one, and each alone.
 *
 * @throws PluginServerError SOCKET_IN_USE, SOCKET_UNUSABLE; no socket of ours is left then
 */
export async function servePlugins(places: PluginPlaces, answers: PluginAnswers): Promise<PluginServer> {
  const { atOnce, loaded, metrics, logger } = answers;
  const { paths, inherited, socketGroup } = places;
  const plugins: readonly (readonly [SocketName, string, string[], (drivers: Drivers) => Handlers])[] = [
    ['routed', paths.routed, ['NetworkDriver', 'IpamDriver'], ({ network, ipam }) => ({ ...network, ...ipam })],
    ['net-routed', paths.network, ['NetworkDriver'], ({ network }) => network],
    ['ipam-routed', paths.ipam, ['IpamDriver'], ({ ipam }) => ipam],
  ];
  const servers: PluginServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (const [name, path, roles, part] of plugins) {
      const app = createPluginApp({
        atOnce: { 'Plugin.Activate': () => ({ Implements: roles }), ...part(atOnce) },
        loaded: loaded.then(part),
        observer: metrics,
        isRefusal: (error) => isOurError(error) || isIpamError(error),
        logger,
        maxCalls: PLUGIN_LIMITS.calls,
      });
      servers.push(await listen(placeOf(name, path, inherited), app, { limits: PLUGIN_LIMITS, socketGroup, logger }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { problems: () => servers.flatMap((server) => server.problems()), close };
}
