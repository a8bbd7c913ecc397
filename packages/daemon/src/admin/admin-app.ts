import Router from '@koa/router';
import Koa from 'koa';
import rawBody from 'raw-body';
import { z } from 'zod';
import type { ContainerAddresses } from '../containers/container-addresses.ts';
import type { AddressList } from '../containers/address-list.ts';
import type { Logger } from '../logger.ts';
import { replyToAdminError } from './admin-error.ts';

/** What operators' commands ask. */
export interface AdminServices {
  readonly addresses: ContainerAddresses;
  readonly list: AddressList;
}

/** What the admin application works with. */
export interface AdminAppDeps {
  /** Fulfilled when the daemon's state is there; until then requests wait. */
  readonly loaded: Promise<AdminServices>;
  readonly logger: Logger;
}

const BODY_LIMIT_BYTES = 64 * 1024;

const addressBody = z.object({ address: z.string().min(1), network: z.string().min(1).optional() });

/** The HTTP application behind the admin socket: JSON in and out, an error as `{"error":{"code","message"}}`. */
export function createAdminApp({ loaded, logger }: AdminAppDeps): Koa {
  // Who asks is told of a failure; without anybody asking there is nobody to tell.
  loaded.catch(() => undefined);
  const router = new Router({ prefix: '/v1' });
  router.get('/addresses', async (ctx) => {
    const { container } = ctx.query;
    ctx.body = await (await loaded).list.list(typeof container === 'string' ? container : undefined);
  });
  router.post('/containers/:container/addresses', async (ctx) => {
    const { address, network } = addressBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).addresses.add(parameter(ctx, 'container'), address, network);
  });
  router.delete('/containers/:container/addresses/:address', async (ctx) => {
    const { addresses } = await loaded;
    ctx.body = await addresses.remove(parameter(ctx, 'container'), parameter(ctx, 'address'));
  });

  const app = new Koa();
  app.on('error', (error: unknown) => logger.debug({ err: error }, 'connection lost'));
  app.use(async (ctx, next) => {
    try {
      await next();
      if (ctx.body === undefined) ctx.throw(404);
    } catch (error) {
      const { status, body } = replyToAdminError(error, `${ctx.method} ${ctx.path}`);
      ctx.status = status;
      ctx.body = body;
      logger.warn({ method: ctx.method, path: ctx.path, status, err: error }, body.error.message);
    }
  });
  app.use(router.routes());
  return app;
}

async function readJson(ctx: Koa.Context): Promise<unknown> {
  const text = await rawBody(ctx.req, { limit: BODY_LIMIT_BYTES, encoding: 'utf8' });
  return JSON.parse(text) as unknown;
}

/** The router has decoded it. */
function parameter(ctx: { readonly params: unknown }, name: string): string {
  return (ctx.params as Readonly<Record<string, string>>)[name] ?? '';
}
