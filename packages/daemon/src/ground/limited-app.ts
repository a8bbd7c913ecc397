import { limitCalls, TOO_BUSY } from '@routed/plugin-server';
import Koa from 'koa';
import type { Logger } from './logger.ts';

/** An HTTP application that answers so many calls at once, and refuses others in plain text; without routes. */
export function createLimitedApp({ logger, maxCalls }: { readonly logger: Logger; readonly maxCalls: number }): Koa {
  const app = new Koa();
  app.on('error', (error: unknown) => logger.debug({ err: error }, 'connection lost'));
  app.use(
    limitCalls(maxCalls, (ctx, text) => {
      ctx.status = TOO_BUSY;
      ctx.body = text;
    }),
  );
  return app;
}
