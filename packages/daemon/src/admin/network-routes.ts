import type { NetworkBlocks, NetworkRemoval } from '@routed/driver';
import { blockText } from '@routed/driver/option-values';
import Router from '@koa/router';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about networks ask. */
export interface NetworkServices {
  readonly networkBlocks: Pick<NetworkBlocks, 'show' | 'set'>;
  readonly networkRemoval: Pick<NetworkRemoval, 'forget'>;
}

/** null: none. */
const blockBody = z.object({ block: blockText.nullable() });

/** `/v1/networks/<network>`, which DELETE forgets, and `/v1/networks/<network>/block`. */
export function networkRoutes(loaded: Promise<NetworkServices>): Router {
  const router = new Router({ prefix: '/v1/networks/:network' });
  router.delete('/', async (ctx) => {
    ctx.body = await (await loaded).networkRemoval.forget(parameter(ctx, 'network'));
  });
  router.get('/block', async (ctx) => {
    ctx.body = await (await loaded).networkBlocks.show(parameter(ctx, 'network'));
  });
  router.put('/block', async (ctx) => {
    const { block } = blockBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).networkBlocks.set(parameter(ctx, 'network'), block ?? undefined);
  });
  return router;
}
