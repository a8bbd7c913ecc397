import { PassThrough } from 'node:stream';
import type Koa from 'koa';
import { LINES_TYPE } from './admin-client.ts';

/** How much may wait for a listener that reads slowly, before it is sent away. */
const BACKLOG_BYTES = 1024 * 1024;

/** What there is, and what comes. */
export interface Lines<T> {
  readonly entries: readonly T[];
  /** Absent: the reply ends after the entries. */
  readonly follow?: ((listener: (entry: T) => void) => () => void) | undefined;
}

/** What is kept, as far as it is meant, and what comes of that if the asker follows. */
export function linesThat<T>(
  isMeant: (entry: T) => boolean,
  kept: { entries(): readonly T[]; follow(listener: (entry: T) => void): () => void },
  isFollowing: boolean,
): Lines<T> {
  const follow: NonNullable<Lines<T>['follow']> = (listener) =>
    kept.follow((entry) => {
      if (isMeant(entry)) listener(entry);
    });
  return { entries: kept.entries().filter(isMeant), follow: isFollowing ? follow : undefined };
}

/** Answers with one JSON object a line, until the asker goes or `stopping` is aborted. */
export function replyWithLines<T>(ctx: Koa.Context, { entries, follow }: Lines<T>, stopping: AbortSignal): void {
  const stream = new PassThrough();
  ctx.type = LINES_TYPE;
  ctx.body = stream;
  const write = (entry: T): unknown => stream.write(`${JSON.stringify(entry)}\n`);
  entries.forEach(write);
  if (follow === undefined) {
    stream.end();
    return;
  }
  const unfollow = follow((entry) => {
    if (stream.writableLength > BACKLOG_BYTES) stream.destroy();
    else write(entry);
  });
  const end = (): void => {
    stream.end();
  };
  stopping.addEventListener('abort', end);
  stream.once('close', () => {
    unfollow();
    stopping.removeEventListener('abort', end);
  });
}
