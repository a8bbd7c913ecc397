import type { AddressList, DaemonReport, DaemonStatus, Journal, JournalEntry } from '@routed/driver';
import Router from '@koa/router';
import { PassThrough } from 'node:stream';
import { LINES_TYPE } from './admin-client.ts';
import { eventFilter } from './event-filter.ts';

/** What commands about the daemon ask. */
export interface StatusServices {
  readonly status: Pick<DaemonStatus, 'completeReport'>;
  readonly list: Pick<AddressList, 'list'>;
  readonly journal: Pick<Journal, 'entries' | 'follow'>;
}

/** What the routes work with. */
export interface StatusDeps {
  readonly loaded: Promise<StatusServices>;
  /** Why sockets of the daemon's are not reached, for people. */
  readonly problems: () => readonly string[];
  /** Aborted when the daemon stops. */
  readonly stopping: AbortSignal;
}

/** How many entries may wait for a listener that reads slowly, before it is sent away. */
const BACKLOG_BYTES = 1024 * 1024;

/**
 * `/v1/status`: the report, with `?addresses=true` also the addresses of containers; `/v1/doctor` is an older name of it.
 * `/v1/events`: one entry a line as JSON; of all, or as `?address=`, `?container=`, `?network=` and `?since=` say; with `?follow=true` also
 * what happens from then on, until the asker goes or `stopping` is aborted.
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
    const isMeant = eventFilter(ctx.query);
    const stream = new PassThrough();
    ctx.type = LINES_TYPE;
    ctx.body = stream;
    for (const entry of journal.entries()) if (isMeant(entry)) stream.write(lineOf(entry));
    if (ctx.query['follow'] === 'true') follow(journal, isMeant, stream, stopping);
    else stream.end();
  });
  return router;
}

function follow(
  journal: Pick<Journal, 'entries' | 'follow'>,
  isMeant: (entry: JournalEntry) => boolean,
  stream: PassThrough,
  stopping: AbortSignal,
): void {
  const end = (): void => {
    stream.end();
  };
  const unfollow = journal.follow((entry) => {
    if (!isMeant(entry)) return;
    if (stream.writableLength > BACKLOG_BYTES) stream.destroy();
    else stream.write(lineOf(entry));
  });
  stopping.addEventListener('abort', end);
  stream.once('close', () => {
    unfollow();
    stopping.removeEventListener('abort', end);
  });
}

function lineOf(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}
