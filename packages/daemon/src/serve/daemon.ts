import {
  ADMIN_LIMITS,
  createDeferred,
  groupNumber,
  type InheritedSockets,
  listen,
  METRICS_LIMITS,
  placeOf,
  type PluginServer,
  WEB_LIMITS,
} from '@routed/plugin-server';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ipamCapabilities, networkCapabilities } from '@routed/driver/capabilities';
import { createAdminApp, createMetricsApp } from '../admin/admin-app.ts';
import { createWebApp, type PageSource } from '../web/web-app.ts';
import { isReachedFromElsewhere } from './web-options.ts';
import type { ServeOptions } from './serve-options.ts';
import type * as RuntimeFile from './runtime.ts';
import type { Runtime } from './runtime.ts';
import type { Logger } from '../ground/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { servePlugins } from './plugin-servers.ts';

/** What the start needs of it. */
type RuntimeModule = Pick<typeof RuntimeFile, 'startRuntime'>;

/** The running daemon. */
export interface Daemon {
  /** Lets the requests under way finish, deletes the links that wait for it, and removes the sockets that it made. */
  stop(): Promise<void>;
}

/**
 * Starts the daemon with the real kernel.
 *
 * The sockets are served before anything is loaded, so that Docker is answered at once; calls that need more wait.
 *
 * @param loadRuntime called when the sockets are served; what it throws ends the start
 */
export async function startDaemon(
  options: ServeOptions,
  inherited: InheritedSockets,
  logger: Logger,
  loadRuntime: () => Promise<RuntimeModule> = () => import('./runtime.ts'),
): Promise<Daemon> {
  const loading = createDeferred<Runtime>();
  const metrics = new Metrics();
  const stopping = new AbortController();
  const serving = { loaded: loading.promise, metrics, stopping: stopping.signal, logger };
  const servers = await serveSockets(options, inherited, serving);
  try {
    // Calls that came before the daemon did, with systemd's sockets, are answered first.
    await nextTurn();
    // Most of the program, which is not needed for the first answers.
    const { startRuntime } = await loadRuntime();
    const runtime = await startRuntime(options, metrics, logger);
    loading.resolve(runtime.ready.then(() => runtime));
    return {
      stop: async () => {
        stopping.abort();
        await servers.close();
        await runtime.close();
        metrics.stop();
      },
    };
  } catch (error) {
    loading.reject(error);
    await servers.close();
    metrics.stop();
    throw error;
  }
}

/** What is behind the sockets, when it is there. */
interface Serving {
  readonly loaded: Promise<Runtime>;
  readonly metrics: Metrics;
  /** Aborted when the daemon stops. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

const OPEN_PAGE =
  '--web: everybody who reaches this address reads the names and addresses of all containers, without a password; ' +
  'put a proxy with one before it, or serve the page on 127.0.0.1 and use ssh -L';

/** Most of the page's program is read when somebody asks for it first. */
function pageWhenAsked(options: ServeOptions, { loaded, metrics, stopping, logger }: Serving): PageSource {
  let opening: ReturnType<PageSource> | undefined;
  const open: PageSource = async () => {
    const runtime = await loaded;
    const { openDaemonPage } = await import('../page/daemon-page.ts');
    return await openDaemonPage({ options, runtime, metrics, stopping, logger });
  };
  return () => (opening ??= open());
}

/** The sockets of Docker, that of operators, and the port of those who watch. */
async function serveSockets(
  options: ServeOptions,
  inherited: InheritedSockets,
  serving: Serving,
): Promise<PluginServer> {
  const { sockets, adminSocket, metricsPort, web, socketGroup: group } = options;
  const socketGroup = group === undefined ? undefined : await groupNumber(group);
  const servers: PluginServer[] = [];
  const problems = (): readonly string[] => servers.flatMap((server) => server.problems());
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    const atOnce = { network: networkCapabilities, ipam: ipamCapabilities };
    servers.push(
      await servePlugins(
        { paths: sockets, inherited, socketGroup },
        { ...serving, atOnce, loaded: serving.loaded.then(({ driver }) => driver) },
      ),
    );
    const { logger } = serving;
    const services = { ...serving, loaded: serving.loaded.then(({ driver }) => driver.operators), problems };
    const place = placeOf('admin', adminSocket, inherited);
    const page = pageWhenAsked(options, serving);
    const admin = createAdminApp({ ...services, page, maxCalls: ADMIN_LIMITS.calls });
    servers.push(await listen(place, admin, { limits: ADMIN_LIMITS, socketGroup, logger }));
    if (metricsPort !== undefined) {
      const watched = createMetricsApp({ ...services, maxCalls: METRICS_LIMITS.calls });
      servers.push(await listen({ port: metricsPort }, watched, { limits: METRICS_LIMITS, logger }));
    }
    if (web !== undefined) {
      if (isReachedFromElsewhere(web)) logger.warn({ web: web.text }, OPEN_PAGE);
      const app = createWebApp(page, { logger, maxCalls: WEB_LIMITS.calls });
      servers.push(await listen(web, app, { limits: WEB_LIMITS, logger }));
    }
    return { problems, close };
  } catch (error) {
    await close();
    throw error;
  }
}
