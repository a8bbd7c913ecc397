import type { DaemonKnowledge } from '@routed/driver';
import { DAEMON_FACTS_PATH } from '@routed/driver/daemon-facts';
import type Koa from 'koa';

/** Tells `doctor` what the daemon knows, on the admin socket. Waits until the state is loaded. */
export function doctorRoute(loaded: Promise<Pick<DaemonKnowledge, 'collect'>>): Koa.Middleware {
  // Who asks is told of a failure.
  loaded.catch(() => undefined);
  return async (ctx, next) => {
    if (ctx.method === 'GET' && ctx.path === DAEMON_FACTS_PATH) ctx.body = await (await loaded).collect();
    else await next();
  };
}
