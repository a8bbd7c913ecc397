import type Koa from 'koa';

/** HTTP status of a call beyond the limit. */
export const TOO_BUSY = 503;

/** What is said to who calls beyond the limit. */
export function tooBusyText(calls: number): string {
  return `${calls} calls are in progress, the limit: try again later`;
}

/** Lets that many calls through at once, replies included; for a further one `refuse` writes the reply. */
export function limitCalls(calls: number, refuse: (ctx: Koa.Context, text: string) => void): Koa.Middleware {
  let underWay = 0;
  return async (ctx, next) => {
    if (underWay >= calls) {
      refuse(ctx, tooBusyText(calls));
      return;
    }
    underWay += 1;
    ctx.res.once('close', () => (underWay -= 1));
    await next();
  };
}
