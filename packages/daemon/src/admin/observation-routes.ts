import Router from '@koa/router';
import type { Metrics } from '../metrics/metrics.ts';

/** What says how the daemon is, to programs. */
export interface ObservationDeps {
  readonly metrics: Pick<Metrics, 'render'>;
  /** Fulfilled when the daemon's state is there and the kernel agrees with it. */
  readonly loaded: Promise<unknown>;
  /** Why sockets of the daemon's are not reached, for people; empty is good. */
  readonly problems: () => readonly string[];
}

/**
 * For programs that watch the daemon: `/metrics` in Prometheus' text format, `/healthz` while the process answers at
 * all, `/readyz` once calls of Docker are answered without waiting for the start, and for as long as they arrive.
 */
export function observationRoutes({ metrics, loaded, problems }: ObservationDeps): Router {
  let isReady = false;
  loaded.then(
    () => (isReady = true),
    () => undefined,
  );
  const router = new Router();
  router.get('/metrics', async (ctx) => {
    const { contentType, text } = await metrics.render();
    ctx.type = contentType;
    ctx.body = text;
  });
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', (ctx) => {
    const found = problems();
    ctx.status = isReady && found.length === 0 ? 200 : 503;
    ctx.body = !isReady
      ? { status: 'starting' }
      : found.length === 0
        ? { status: 'ready' }
        : { status: 'unreachable', problems: found };
  });
  return router;
}
