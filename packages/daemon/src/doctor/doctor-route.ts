import type Koa from 'koa';
import type { DaemonKnowledge } from './daemon-knowledge.ts';
import { DAEMON_FACTS_PATH } from './facts/daemon-facts.ts';

/** Tells `doctor` what the daemon knows, on the admin socket. Waits until the state is loaded. */
export function doctorRoute(loaded: Promise<Pick<DaemonKnowledge, 'collect'>>): Koa.Middleware {
  // Who asks is told of a failure.
  loaded.catch(() => undefined);
  return async (ctx, next) => {
    if (ctx.method === 'GET' && ctx.path === DAEMON_FACTS_PATH) ctx.body = await (await loaded).collect();
    else await next();
  };
}
