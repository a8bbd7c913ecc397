import type { MethodName, ReplyOf, RequestOf } from './methods.ts';

/** Answers one method: what Docker asked for, already validated, to what it is told. */
export type Handler<M extends MethodName> = (request: RequestOf<M>) => ReplyOf<M> | Promise<ReplyOf<M>>;

/** The methods that a plugin answers. */
export type Handlers = { readonly [M in MethodName]?: Handler<M> };
