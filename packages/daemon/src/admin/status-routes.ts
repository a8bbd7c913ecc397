import type { AddressList, DaemonReport, DaemonStatus, Journal, RefusedPacket, RefusedPackets } from '@routed/driver';
import Router from '@koa/router';
import { eventFilter } from './event-filter.ts';
import { gradualJson } from './gradual-json.ts';
import { linesThat, replyWithLines } from './lines.ts';

/** What commands about the daemon ask. */
export interface StatusServices {
  readonly status: Pick<DaemonStatus, 'completeReport' | 'refreshNames'>;
  readonly list: Pick<AddressList, 'list'>;
  readonly journal: Pick<Journal, 'entries' | 'follow'>;
  readonly refused: Pick<RefusedPackets, 'entries' | 'follow'>;
}

/** What the routes work with. */
export interface StatusDeps {
  readonly loaded: Promise<StatusServices>;
  /** Why sockets of the daemon's are not reached, for people. */
  readonly problems: () => readonly string[];
  /** Aborted when the daemon stops. */
  readonly stopping: AbortSignal;
}

/**
 * `/v1/status`: the report, with `?addresses=true` also the addresses of containers; `/v1/doctor` is an older name of it.
 * `/v1/events`: one entry a line as JSON; of all, or as `?address=`, `?container=`, `?network=` and `?since=` say; with `?follow=true` also
 * what happens from then on, until the asker goes or `stopping` is aborted. `/v1/refused`: the same of refused packets.
 */
export function statusRoutes({ loaded, problems, stopping }: StatusDeps): Router {
  const router = new Router({ prefix: '/v1' });
  router.get(['/status', '/doctor'], async (ctx) => {
    const { status, list } = await loaded;
    const report = await status.completeReport();
    const addresses = ctx.query['addresses'] === 'true' ? await list.list() : undefined;
    const whole: DaemonReport = { ...report, addresses, problems: [...problems(), ...report.problems] };
    ctx.type = 'json';
    ctx.body = gradualJson({ ...whole });
  });
  router.get('/events', async (ctx) => {
    const { journal } = await loaded;
    const isMeant = eventFilter(ctx.query);
    replyWithLines(ctx, linesThat(isMeant, journal, ctx.query['follow'] === 'true'), stopping);
  });
  router.get('/refused', async (ctx) => {
    const { refused } = await loaded;
    const isMeant = eventFilter(ctx.query);
    const isMeantPacket = (packet: RefusedPacket): boolean =>
      isMeant({ ...packet, addresses: [packet.source, packet.destination] });
    replyWithLines(ctx, linesThat(isMeantPacket, refused, ctx.query['follow'] === 'true'), stopping);
  });
  return router;
}
