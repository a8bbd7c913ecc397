import type { ParsedUrlQuery } from 'node:querystring';
import type {
  AddressList,
  DaemonReport,
  DaemonStatus,
  Journal,
  JournalEntry,
  RefusedFilter,
  RefusedPacket,
  RefusedPackets,
} from '@routed/driver';
import Router from '@koa/router';
import { replyWithLines } from './lines.ts';

/** What commands about the daemon ask. */
export interface StatusServices {
  readonly status: Pick<DaemonStatus, 'completeReport'>;
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
 * `/v1/events`: one entry a line as JSON, of all addresses or of `?address=`; with `?follow=true` also
 * what happens from then on, until the asker goes or `stopping` is aborted. `/v1/refused`: the same of refused packets, of all or of
 * `?container=`, by its name, and `?address=`.
 */
export function statusRoutes({ loaded, problems, stopping }: StatusDeps): Router {
  const router = new Router({ prefix: '/v1' });
  router.get(['/status', '/doctor'], async (ctx) => {
    const { status, list } = await loaded;
    const report = await status.completeReport();
    const addresses = ctx.query['addresses'] === 'true' ? await list.list() : undefined;
    ctx.body = { ...report, addresses, problems: [...problems(), ...report.problems] } satisfies DaemonReport;
  });
  router.get('/events', async (ctx) => {
    const { journal } = await loaded;
    const { address } = textsOf(ctx.query);
    const isMeant = ({ addresses }: JournalEntry): boolean => address === undefined || addresses.includes(address);
    const follow = (listener: (entry: JournalEntry) => void): (() => void) =>
      journal.follow((entry) => {
        if (isMeant(entry)) listener(entry);
      });
    const lines = { entries: journal.entries(address), follow: isFollowing(ctx.query) ? follow : undefined };
    replyWithLines(ctx, lines, stopping);
  });
  router.get('/refused', async (ctx) => {
    const { refused } = await loaded;
    const filter = textsOf(ctx.query);
    const follow = (listener: (packet: RefusedPacket) => void): (() => void) => refused.follow(listener, filter);
    const lines = { entries: refused.entries(filter), follow: isFollowing(ctx.query) ? follow : undefined };
    replyWithLines(ctx, lines, stopping);
  });
  return router;
}

function isFollowing(query: ParsedUrlQuery): boolean {
  return query['follow'] === 'true';
}

function textsOf({ address, container }: ParsedUrlQuery): RefusedFilter {
  return {
    ...(typeof address === 'string' && { address }),
    ...(typeof container === 'string' && { container }),
  };
}
