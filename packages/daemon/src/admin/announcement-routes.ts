import type { ContainerAnnouncements } from '@routed/driver';
import Router from '@koa/router';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about announcements ask. */
export interface AnnouncementServices {
  readonly announcements: Pick<ContainerAnnouncements, 'set' | 'show' | 'drain' | 'drainHost' | 'drains'>;
}

const announcementBody = z.object({ isAnnounced: z.boolean(), network: z.string().min(1).optional() });

const drainBody = z.object({ isDraining: z.boolean(), network: z.string().min(1).optional() });
const hostDrainBody = z.object({ isDraining: z.boolean() });

/** `/v1/containers/<container>/announcement`, `/v1/containers/<container>/drain` and, for the host, `/v1/drain`. */
export function announcementRoutes(loaded: Promise<AnnouncementServices>): Router {
  const router = new Router({ prefix: '/v1' });
  router.get('/containers/:container/announcement', async (ctx) => {
    ctx.body = await (await loaded).announcements.show(parameter(ctx, 'container'));
  });
  router.put('/containers/:container/announcement', async (ctx) => {
    const { isAnnounced, network } = announcementBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).announcements.set(parameter(ctx, 'container'), isAnnounced, network);
  });
  router.put('/containers/:container/drain', async (ctx) => {
    const { isDraining, network } = drainBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).announcements.drain(parameter(ctx, 'container'), isDraining, network);
  });
  router.get('/drain', async (ctx) => {
    ctx.body = await (await loaded).announcements.drains();
  });
  router.put('/drain', async (ctx) => {
    const { isDraining } = hostDrainBody.parse(await readJson(ctx));
    ctx.body = await (await loaded).announcements.drainHost(isDraining);
  });
  return router;
}
