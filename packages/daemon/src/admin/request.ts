import type Koa from 'koa';
import rawBody from 'raw-body';

/** A list of ten thousand sources fits. */
const BODY_LIMIT_BYTES = 512 * 1024;

/** The body as JSON. @throws SyntaxError, and raw-body's error for one that is too large */
export async function readJson(ctx: Koa.Context): Promise<unknown> {
  const body = await rawBody(ctx.req, { limit: BODY_LIMIT_BYTES });
  return JSON.parse(body.toString()) as unknown;
}

/** A part of the path; the router has decoded it. */
export function parameter(ctx: { readonly params: unknown }, name: string): string {
  return (ctx.params as Readonly<Record<string, string>>)[name] ?? '';
}
