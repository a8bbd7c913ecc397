import type { ContainerLimits } from '@routed/driver';
import Router from '@koa/router';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about limits ask. */
export interface LimitServices {
  readonly containerLimits: Pick<ContainerLimits, 'show' | 'set'>;
}

const limitBody = z.object({
  in: z.string().optional(),
  out: z.string().optional(),
  network: z.string().min(1).optional(),
});

/** `/v1/containers/<container>/limits`. */
export function limitRoutes(loaded: Promise<LimitServices>): Router {
  const router = new Router({ prefix: '/v1/containers/:container' });
  router.get('/limits', async (ctx) => {
    ctx.body = await (await loaded).containerLimits.show(parameter(ctx, 'container'));
  });
  router.put('/limits', async (ctx) => {
    const { network, ...texts } = limitBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).containerLimits.set(parameter(ctx, 'container'), texts, network);
  });
  return router;
}
