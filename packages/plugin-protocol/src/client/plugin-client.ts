import { Agent } from 'node:http';
import { METHODS, type MethodName, type ReplyOf, type WireRequestOf } from '../methods.ts';
import { PluginCallError } from './plugin-call-error.ts';
import { post } from './post.ts';
import { readReply } from './read-reply.ts';

/** Where the plugin listens. */
export interface PluginClientOptions {
  /** The unix socket's path, such as `/run/docker/plugins/routed.sock`. */
  readonly socketPath: string;
  /**
   * What to send as `Host`: empty as Docker up to 20.10.25, 23.0.6 and 24.0.4 does, or `plugin.moby.localhost` as
   * later versions do.
   *
   * @default ''
   */
  readonly hostHeader?: string;
}

/** Options of a single call. */
export interface CallOptions {
  /** Gives up waiting for the reply; the plugin may still carry out the call. */
  readonly signal?: AbortSignal;
}

/** The arguments after the method's name: the request, for calls that take one, and {@link CallOptions}. */
export type CallArguments<M extends MethodName> = (typeof METHODS)[M]['takesBody'] extends true
  ? [request: WireRequestOf<M>, options?: CallOptions]
  : [request?: undefined, options?: CallOptions];

/** Calls a plugin in Docker's place. Calls may overlap; each takes a connection of its own while it lasts. */
export interface PluginClient {
  /**
   * Sends one call and reads the reply as Docker does, except that nothing is retried and no time limit applies.
   *
   * @throws {@link PluginCallError} where Docker would report an error
   * @throws the signal's reason once it is aborted
   */
  call<M extends MethodName>(method: M, ...request: CallArguments<M>): Promise<ReplyOf<M>>;

  /** Closes every connection; calls under way fail with `NO_REPLY`, and so do later ones. Repeating it is harmless. */
  close(): void;
}

/**
 * Opens a client that speaks as dockerd does; it connects at the first call and keeps idle connections until
 * {@link PluginClient.close}.
 *
 * Source: request bytes captured from Docker 20.10.24.
 */
export function openPluginClient(options: PluginClientOptions): PluginClient {
  const { socketPath, hostHeader = '' } = options;
  const agent = new Agent({ keepAlive: true });
  let isClosed = false;
  return {
    async call<M extends MethodName>(method: M, ...[request, callOptions]: CallArguments<M>): Promise<ReplyOf<M>> {
      const { signal } = callOptions ?? {};
      signal?.throwIfAborted();
      if (isClosed) throw new PluginCallError('NO_REPLY', method, 0, `${method}: no reply: the client is closed`);
      const body = METHODS[method].takesBody ? `${JSON.stringify(request)}\n` : '';
      const reply = await post({ agent, socketPath, hostHeader, method, body, signal });
      return readReply(method, reply.status, reply.body);
    },
    close(): void {
      isClosed = true;
      agent.destroy();
    },
  };
}
