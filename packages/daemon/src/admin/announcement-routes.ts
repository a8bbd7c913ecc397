import type { ContainerAnnouncements } from '@routed/driver';
import Router from '@koa/router';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about announcements ask. */
export interface AnnouncementServices {
  readonly announcements: Pick<ContainerAnnouncements, 'set' | 'show'>;
}

const announcementBody = z.object({ isAnnounced: z.boolean(), network: z.string().min(1).optional() });

/** `/v1/containers/<container>/announcement`. */
export function announcementRoutes(loaded: Promise<AnnouncementServices>): Router {
  const router = new Router({ prefix: '/v1/containers/:container' });
  router.get('/announcement', async (ctx) => {
    ctx.body = await (await loaded).announcements.show(parameter(ctx, 'container'));
  });
  router.put('/announcement', async (ctx) => {
    const { isAnnounced, network } = announcementBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).announcements.set(parameter(ctx, 'container'), isAnnounced, network);
  });
  return router;
}
