import type { ContainerAnnouncements } from '@routed/driver';
import { ANNOUNCE_POLICIES } from '@routed/driver/option-values';
import Router from '@koa/router';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about announcements ask. */
export interface AnnouncementServices {
  readonly announcements: Pick<
    ContainerAnnouncements,
    'set' | 'follow' | 'show' | 'drain' | 'drainHost' | 'drains' | 'handover' | 'handovers'
  >;
}

const announcementBody = z.object({
  isAnnounced: z.boolean(),
  policy: z.enum(ANNOUNCE_POLICIES).optional(),
  network: z.string().min(1).optional(),
});

const drainBody = z.object({ isDraining: z.boolean(), network: z.string().min(1).optional() });
const hostDrainBody = z.object({ isDraining: z.boolean() });

const handoverBody = z.object({
  /** null: the addresses that no other host announces yet are kept. */
  withinMs: z.int().min(1_000).max(3_600_000).nullable(),
  network: z.string().min(1).optional(),
});

/**
 * `/v1/containers/<container>/announcement`, `/v1/containers/<container>/drain`, for the host `/v1/drain`,
 * `/v1/containers/<container>/handover` and, to see them all, `/v1/handovers`.
 */
export function announcementRoutes(loaded: Promise<AnnouncementServices>): Router {
  const router = new Router({ prefix: '/v1' });
  router.get('/containers/:container/announcement', async (ctx) => {
    ctx.body = await (await loaded).announcements.show(parameter(ctx, 'container'));
  });
  router.put('/containers/:container/announcement', async (ctx) => {
    const { isAnnounced, policy, network } = announcementBody.parse(await readJson(ctx));
    const { announcements } = await loaded;
    const container = parameter(ctx, 'container');
    ctx.body =
      policy === undefined
        ? await announcements.set(container, isAnnounced, network)
        : await announcements.follow(container, policy, network);
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
  router.get('/handovers', async (ctx) => {
    ctx.body = await (await loaded).announcements.handovers();
  });
  router.put('/containers/:container/handover', async (ctx) => {
    const { withinMs, network } = handoverBody.parse(await readJson(ctx));
    const { announcements } = await loaded;
    ctx.body = await announcements.handover(parameter(ctx, 'container'), withinMs ?? undefined, network);
  });
  return router;
}
