import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import {
  errorReply,
  type Handler,
  type Handlers,
  type MethodName,
  METHODS,
  parseRequest,
  PLUGIN_CONTENT_TYPE,
} from '@routed/plugin-protocol';
import Koa from 'koa';
import rawBody from 'raw-body';
import type { Logger } from './logger.ts';
import type { CallObserver } from './call-observer.ts';
import { limitCalls, TOO_BUSY } from './call-limit.ts';
import { replyToError, TOO_LARGE } from './error-reply.ts';

/** What a plugin application answers. */
export interface PluginAppDeps {
  /** Answered at once: what Docker asks at first contact, with its locks held. */
  readonly atOnce: Handlers;
  /** Answered when the daemon's state is there. While it is awaited calls wait; when it fails they fail with it. */
  readonly loaded: Promise<Handlers>;
  readonly observer: CallObserver;
  /** Whether an error is a refusal, which its user can do something about, rather than a failure. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly logger: Logger;
  /** How many calls may be under way at once. */
  readonly maxCalls: number;
}

/** Largest request body, in bytes; Docker's own are a few kilobytes. */
export const BODY_LIMIT_BYTES = 512 * 1024;

/**
 * The HTTP application behind one plugin socket: body in, validated request to its handler, reply out.
 *
 * Docker sends no Content-Type and, on some releases, an empty Host header; so the body is read as it is.
 * Every reply is JSON with a status of 200, or an error that Docker shows to its user.
 *
 * Source: moby pkg/plugins/client.go.
 */
export function createPluginApp(deps: PluginAppDeps): Koa {
  // Who asks is told of a failure; without anybody asking there is nobody to tell.
  deps.loaded.catch(() => undefined);
  const answers = new Map((Object.keys(METHODS) as MethodName[]).map((method) => [method, answer(method, deps)]));
  const paths = new Map([...answers].map(([method, answering]) => [`/${method}`, answering]));
  // One route for all methods, for a path that is written otherwise: the router tries its routes one after another.
  const router = new Router();
  router.post('/:method', async (ctx, next) => {
    const answering = answers.get(ctx.params['method'] as MethodName) ?? next;
    await answering(ctx, next);
  });

  const app = new Koa();
  // What Koa reports here is a connection that broke while the reply was being written.
  app.on('error', (error: unknown) => deps.logger.debug({ err: error }, 'connection lost'));
  app.use(
    limitCalls(deps.maxCalls, (ctx, text) => {
      ctx.status = TOO_BUSY;
      ctx.type = PLUGIN_CONTENT_TYPE;
      // Its body is not read.
      ctx.set('Connection', 'close');
      ctx.body = JSON.stringify(errorReply(text));
      deps.logger.warn({ method: ctx.path }, text);
    }),
  );
  // What Docker writes is looked up, which takes the router as long as all else that is done for a call here.
  app.use(async (ctx, next) => {
    const answering = ctx.method === 'POST' ? paths.get(ctx.url) : undefined;
    await (answering ?? next)(ctx, next);
  });
  app.use(router.routes());
  app.use(refuseUnknown);
  return app;
}

function refuseUnknown(ctx: Koa.Context): void {
  ctx.status = 404;
  ctx.set('Content-Type', PLUGIN_CONTENT_TYPE);
  ctx.body = JSON.stringify(errorReply(`unknown method ${ctx.method} ${ctx.path}`));
}

/** What Koa makes of `ctx.body` takes some 20 us longer. */
function send(ctx: Koa.Context, json: string): void {
  ctx.respond = false;
  const length = Buffer.byteLength(json);
  ctx.res.writeHead(200, { 'Content-Type': PLUGIN_CONTENT_TYPE, 'Content-Length': length }).end(json);
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function answer(method: MethodName, { atOnce, loaded, observer, isRefusal, logger }: PluginAppDeps): Koa.Middleware {
  const early = atOnce[method];
  return async (ctx) => {
    const request = { requestId: randomUUID(), method };
    const started = performance.now();
    const elapsed = (): number => Math.round((performance.now() - started) * 1000) / 1000;
    try {
      const body = parseRequest<MethodName>(method, await rawBody(ctx.req, { limit: BODY_LIMIT_BYTES }));
      logger.debug({ ...request, body }, 'request');
      const handler = (early ?? (await loaded)[method]) as Handler<MethodName> | undefined;
      if (handler === undefined) {
        refuseUnknown(ctx);
        return;
      }
      const reply = await handler(body);
      send(ctx, JSON.stringify(reply));
      const ms = elapsed();
      observer.onCall(method, 'ok', ms / 1000);
      logger.debug({ ...request, reply, ms }, 'reply');
    } catch (error) {
      const { status, message, outcome } = replyToError(error, method, isRefusal);
      ctx.set('Content-Type', PLUGIN_CONTENT_TYPE);
      // What is left of a body that was not read to its end must not be taken for the next request.
      if (status === TOO_LARGE) ctx.set('Connection', 'close');
      ctx.status = status;
      ctx.body = JSON.stringify(errorReply(message));
      const ms = elapsed();
      observer.onCall(method, outcome, ms / 1000);
      observer.onError(error);
      // A refusal is the user's to mend, and its text says how.
      const cause = outcome === 'refused' ? { code: codeOf(error) } : { err: error };
      logger.warn({ ...request, status, ...cause, ms }, message);
    }
  };
}
