import type Koa from 'koa';
import { guard } from './guard.ts';
import { LiveFeed } from './live-feed.ts';
import { readPageFiles } from './page-files.ts';
import { Peers } from './peers.ts';
import { Snapshots } from './snapshots.ts';
import type { WebSources } from './sources.ts';
import { StoryDesk } from './story-desk.ts';
import { webRouter } from './web-router.ts';

/** What {@link openWebPage} is set to. */
export interface WebPageSettings {
  /** Name of the host, for people. */
  readonly host: string;
  /** Pages of other hosts, each URL with a slash at its end; default none. */
  readonly peers?: readonly string[];
  /** Aborted when the daemon stops: who follows is sent away. */
  readonly stopping: AbortSignal;
  /** Told of requests that failed; whoever asked is told, too. */
  readonly onError: (error: unknown, path: string) => void;
}

/**
 * The page, as middleware: it answers GET and HEAD of `/`, its files and `/api/…`, with no other prefix.
 *
 * It reads nothing from its sources while nobody looks.
 */
export async function openWebPage(sources: WebSources, settings: WebPageSettings): Promise<Koa.Middleware> {
  const { host, stopping, onError } = settings;
  const peers = new Peers(settings.peers ?? []);
  const snapshots = new Snapshots(sources, { host, peers });
  const { journal, refused } = sources;
  const feed = new LiveFeed({ snapshots, journal, refused, stopping });
  const router = webRouter({
    files: await readPageFiles(),
    snapshots,
    feed,
    peers,
    stories: new StoryDesk(sources.story),
    sources,
  });
  const [check, routes] = [guard(), router.routes()];
  return async (ctx, next) => {
    // What is shown is of this moment, and nobody else's to keep.
    ctx.set('Cache-Control', 'no-store');
    try {
      await check(ctx, async () => {
        await routes(ctx as never, next);
      });
    } catch (error) {
      onError(error, ctx.path);
      ctx.status = 500;
      ctx.body = { error: { code: 'FAILED', message: (error as Error).message } };
    }
  };
}
