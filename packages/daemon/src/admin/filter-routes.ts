import type { ContainerFilters } from '@routed/driver';
import Router from '@koa/router';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about filters ask. */
export interface FilterServices {
  readonly filters: Pick<ContainerFilters, 'show' | 'set' | 'test'>;
}

const network = z.string().min(1).optional();
const BODIES = {
  ingress: z.object({ ingress: z.string(), network }).transform(({ ingress: text, network: on }) => ({ text, on })),
  egress: z.object({ egress: z.string(), network }).transform(({ egress: text, network: on }) => ({ text, on })),
} as const;
const testBody = z.object({ peer: z.string(), network });

/** `/v1/containers/<container>/ingress`, `/egress`, and `/test` below each. */
export function filterRoutes(loaded: Promise<FilterServices>): Router {
  const router = new Router({ prefix: '/v1/containers/:container' });
  for (const direction of ['ingress', 'egress'] as const) {
    router.get(`/${direction}`, async (ctx) => {
      ctx.body = await (await loaded).filters.show(parameter(ctx, 'container'), direction);
    });
    router.put(`/${direction}`, async (ctx) => {
      const { text, on } = BODIES[direction].parse(await readJson(ctx));
      const { filters } = await loaded;
      ctx.body = await filters.set(parameter(ctx, 'container'), direction, { text, networkName: on });
    });
    router.post(`/${direction}/test`, async (ctx) => {
      const { peer: text, network: networkName } = testBody.parse(await readJson(ctx));
      const { filters } = await loaded;
      ctx.body = await filters.test(parameter(ctx, 'container'), direction, { text, networkName });
    });
  }
  return router;
}
