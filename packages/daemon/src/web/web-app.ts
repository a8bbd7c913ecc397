import { limitCalls, TOO_BUSY } from '@routed/plugin-server';
import Koa from 'koa';
import type { Logger } from '../ground/logger.ts';

/** Where the page is on the admin socket. */
const ADMIN_PATH = '/web';

/** Opens the page when somebody asks for it first: most daemons never need it. */
export type PageSource = () => Promise<Koa.Middleware>;

/** The HTTP application behind the port of the page. */
export function createWebApp(page: PageSource, { logger, maxCalls }: { logger: Logger; maxCalls: number }): Koa {
  const app = new Koa();
  app.on('error', (error: unknown) => logger.debug({ err: error }, 'connection lost'));
  app.use(
    limitCalls(maxCalls, (ctx, text) => {
      ctx.status = TOO_BUSY;
      ctx.body = text;
    }),
  );
  app.use((ctx) => answer(page, ctx));
  return app;
}

async function answer(page: PageSource, ctx: Koa.Context): Promise<void> {
  try {
    await (
      await page()
    )(ctx, () => Promise.resolve());
  } catch (error) {
    ctx.status = 500;
    ctx.body = { error: { code: 'FAILED', message: `the page cannot be shown: ${(error as Error).message}` } };
  }
}

/** The page below `/web/`; everything else is for others. */
export function pageBelowWeb(page: PageSource): Koa.Middleware {
  return async (ctx, next) => {
    if (ctx.path === ADMIN_PATH) {
      // What the page asks for is below the folder that it is in.
      ctx.redirect(`${ADMIN_PATH}/`);
      ctx.body = '';
    } else if (ctx.path.startsWith(`${ADMIN_PATH}/`)) {
      ctx.path = ctx.path.slice(ADMIN_PATH.length);
      await answer(page, ctx);
    } else {
      await next();
    }
  };
}
