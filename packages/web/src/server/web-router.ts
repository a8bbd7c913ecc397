import Router from '@koa/router';
import { parsePrefix } from '@routed/addresses';
import type Koa from 'koa';
import type { AddressState } from '../shape/overview.ts';
import { fillMapOf } from './fill-map.ts';
import { gradually } from '@routed/driver/steps';
import type { LiveFeed } from './live-feed.ts';
import type { PageFile } from './page-files.ts';
import type { Peers } from './peers.ts';
import { type RowQuery, search } from './rows.ts';
import type { Snapshots } from './snapshots.ts';
import type { WebSources } from './sources.ts';
import type { StoryDesk } from './story-desk.ts';

/** Rows of one answer at most. */
const MOST_ROWS = 200;
/** Events and refused packets that a page shows at first. */
const MOST_LATEST = 500;
const LONGEST_TEXT = 200;
const STATES: readonly string[] = ['announced', 'withdrawn', 'idle', 'conflict'] satisfies AddressState[];

/** What the routes work with. */
export interface WebParts {
  readonly files: ReadonlyMap<string, PageFile>;
  readonly snapshots: Snapshots;
  readonly feed: LiveFeed;
  readonly peers: Peers;
  readonly stories: StoryDesk;
  readonly sources: Pick<WebSources, 'journal' | 'refused'>;
}

/** The page at `/`, its files, and what it reads below `/api`. */
export function webRouter(parts: WebParts): Router {
  const router = new Router();
  addressRoutes(router, parts);
  latestRoutes(router, parts);
  router.get('/api/overview', async (ctx) => {
    ctx.body = (await parts.snapshots.current()).overview;
  });
  router.get('/api/live', (ctx) => {
    const stream = parts.feed.join();
    if (stream === undefined) {
      ctx.set('Retry-After', '10');
      fail(ctx, 503, 'too many pages follow what happens here: close one of them');
      return;
    }
    ctx.type = 'text/event-stream';
    ctx.body = stream;
  });
  router.get('/', (ctx) => sendFile(ctx, parts.files.get('index.html')));
  router.get('/{*file}', (ctx) => {
    const { file } = ctx.params as { readonly file?: string };
    sendFile(ctx, parts.files.get(file ?? ''));
  });
  return router;
}

function addressRoutes(router: Router, { snapshots, peers, stories }: WebParts): void {
  router.get('/api/addresses', async (ctx) => {
    ctx.body = await gradually(search((await snapshots.current()).rows, queryOf(ctx)));
  });
  router.get('/api/addresses/:address', async (ctx) => {
    const { address } = ctx.params as { readonly address: string };
    const story = await stories.of(address).catch((error: unknown) => (error as Error).message);
    if (typeof story === 'string') fail(ctx, 400, story);
    else ctx.body = story;
  });
  router.get('/api/peers', async (ctx) => {
    ctx.body = await peers.search(textOf(ctx, 'q'));
  });
  router.get('/api/map', async (ctx) => {
    const prefix = parsePrefix(textOf(ctx, 'prefix'));
    if (prefix === undefined) {
      fail(ctx, 400, 'prefix: expected one such as 10.1.0.0/16');
      return;
    }
    const { rows, overview } = await snapshots.current();
    const blocks = overview.blocks.map((block) => block.prefix);
    ctx.body = await gradually(fillMapOf(prefix, rows, blocks));
  });
}

function latestRoutes(router: Router, { sources: { journal, refused } }: WebParts): void {
  router.get('/api/events', (ctx) => {
    ctx.body = journal.latest(MOST_LATEST);
  });
  router.get('/api/refused', (ctx) => {
    ctx.body = refused.latest(MOST_LATEST);
  });
}

function queryOf(ctx: Koa.Context): RowQuery {
  const state = textOf(ctx, 'state');
  return {
    text: textOf(ctx, 'q'),
    state: STATES.includes(state) ? (state as AddressState) : undefined,
    offset: numberOf(ctx, 'offset', 0, Number.MAX_SAFE_INTEGER),
    limit: numberOf(ctx, 'limit', MOST_ROWS, MOST_ROWS),
  };
}

function textOf(ctx: Koa.Context, name: string): string {
  const value = ctx.query[name];
  return typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : '';
}

function numberOf(ctx: Koa.Context, name: string, other: number, most: number): number {
  const text = textOf(ctx, name);
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text), most) : other;
}

function sendFile(ctx: Koa.Context, file: PageFile | undefined): void {
  if (file === undefined) {
    fail(ctx, 404, `there is no ${ctx.path} here`);
    return;
  }
  ctx.type = file.type;
  ctx.etag = file.tag;
  // Asked for again each time, and answered in a few bytes while it is the same.
  ctx.set('Cache-Control', 'no-cache');
  ctx.status = 200;
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = file.body;
}

function fail(ctx: Koa.Context, status: number, message: string): void {
  ctx.status = status;
  ctx.body = { error: { code: 'REFUSED', message } };
}
