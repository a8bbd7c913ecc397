import { limitCalls, TOO_BUSY } from '@routed/plugin-server';
import Koa from 'koa';
import type { Logger } from '../ground/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { addressRoutes, type AddressServices } from './address-routes.ts';
import { replyToAdminError } from './admin-error.ts';
import { announcementRoutes, type AnnouncementServices } from './announcement-routes.ts';
import { filterRoutes, type FilterServices } from './filter-routes.ts';
import { limitRoutes, type LimitServices } from './limit-routes.ts';
import { networkRoutes, type NetworkServices } from './network-routes.ts';
import { observationRoutes } from './observation-routes.ts';
import { statusRoutes, type StatusServices } from './status-routes.ts';
import { type PageSource, pageBelowWeb } from '../web/web-app.ts';

/** What operators' commands ask. */
export interface AdminServices
  extends AddressServices, AnnouncementServices, FilterServices, LimitServices, NetworkServices, StatusServices {}

/** What the admin application works with. */
export interface AdminAppDeps {
  /** Fulfilled when the daemon's state is there; until then requests that need it wait. */
  readonly loaded: Promise<AdminServices>;
  readonly metrics: Pick<Metrics, 'render'>;
  /** Why sockets of the daemon's are not reached, for people; empty is good. */
  readonly problems: () => readonly string[];
  /** Aborted when the daemon stops: who follows events is sent away. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
  /** How many calls may be under way at once. */
  readonly maxCalls: number;
  /** The page below `/web/`; absent: none. */
  readonly page?: PageSource;
}

/** The HTTP application behind the admin socket: JSON in and out, an error as `{"error":{"code","message"}}`. */
export function createAdminApp({ loaded, metrics, problems, stopping, logger, maxCalls, page }: AdminAppDeps): Koa {
  // Who asks is told of a failure; without anybody asking there is nobody to tell.
  loaded.catch(() => undefined);
  const app = new Koa();
  app.on('error', (error: unknown) => logger.debug({ err: error }, 'connection lost'));
  if (page !== undefined) app.use(pageBelowWeb(page));
  app.use(async (ctx, next) => {
    try {
      await next();
      if (ctx.body === undefined) ctx.throw(404);
    } catch (error) {
      const { status, body } = replyToAdminError(error, `${ctx.method} ${ctx.path}`);
      ctx.status = status;
      ctx.body = body;
      // Whoever asked was told; where in the program it was found is of use only for what failed here.
      const cause = status < 500 ? { code: body.error.code } : { err: error };
      logger.warn({ method: ctx.method, path: ctx.path, status, ...cause }, body.error.message);
    }
  });
  app.use(limitCalls(maxCalls, (ctx, text) => ctx.throw(TOO_BUSY, text)));
  const routers = [
    addressRoutes(loaded),
    filterRoutes(loaded),
    limitRoutes(loaded),
    announcementRoutes(loaded),
    networkRoutes(loaded),
    statusRoutes({ loaded, problems, stopping }),
    observationRoutes({ metrics, loaded, problems }),
  ];
  for (const router of routers) app.use(router.routes());
  return app;
}

/** The HTTP application behind the metrics port: what programs watch, and nothing that changes anything. */
export function createMetricsApp({
  loaded,
  metrics,
  problems,
  logger,
  maxCalls,
}: Omit<AdminAppDeps, 'stopping' | 'page'>): Koa {
  const app = new Koa();
  app.on('error', (error: unknown) => logger.debug({ err: error }, 'connection lost'));
  app.use(
    limitCalls(maxCalls, (ctx, text) => {
      ctx.status = TOO_BUSY;
      ctx.body = text;
    }),
  );
  app.use(observationRoutes({ metrics, loaded, problems }).routes());
  return app;
}
