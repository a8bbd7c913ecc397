import type { ContainerFilters } from '@routed/driver';
import Router from '@koa/router';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about filters ask. */
export interface IngressServices {
  readonly filters: Pick<ContainerFilters, 'show' | 'set'>;
}

const ingressBody = z.object({ ingress: z.string(), network: z.string().min(1).optional() });

/** `/v1/containers/<container>/ingress`. */
export function ingressRoutes(loaded: Promise<IngressServices>): Router {
  const router = new Router({ prefix: '/v1/containers/:container' });
  router.get('/ingress', async (ctx) => {
    ctx.body = await (await loaded).filters.show(parameter(ctx, 'container'));
  });
  router.put('/ingress', async (ctx) => {
    const { ingress, network } = ingressBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).filters.set(parameter(ctx, 'container'), ingress, network);
  });
  return router;
}
