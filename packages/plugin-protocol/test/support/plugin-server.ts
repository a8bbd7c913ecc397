import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A request as it arrived, headers in their order and spelling. */
export interface SeenRequest {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** What the plugin answers; nothing leaves the call hanging. */
export type Answer = { readonly status: number; readonly body: string } | undefined;

/** A plugin that answers every call alike. */
export interface PluginServer {
  readonly socketPath: string;
  readonly seen: readonly SeenRequest[];
  /** How many connections were accepted so far. */
  connections(): number;
  /** Resolves once that many requests have arrived. */
  arrived(count: number): Promise<void>;
  /** Drops every open connection, as a plugin that crashes does. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** Listens on a unix socket in a directory of its own. */
export async function startPluginServer(answer: Answer): Promise<PluginServer> {
  const directory = await mkdtemp(join(tmpdir(), 'plugin-protocol-'));
  const socketPath = join(directory, 'plugin.sock');
  const seen: SeenRequest[] = [];
  let connections = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    seen.push({ line: `${String(request.method)} ${String(request.url)}`, headers: request.rawHeaders, body });
    if (answer !== undefined) response.writeHead(answer.status).end(answer.body);
    server.emit('seen');
  };
  const server = createServer((request, response) => void handle(request, response));
  server.on('connection', () => (connections += 1));
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    seen,
    connections: () => connections,
    async arrived(count: number): Promise<void> {
      while (seen.length < count) await once(server, 'seen');
    },
    dropConnections: () => server.closeAllConnections(),
    async close(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await rm(directory, { recursive: true });
    },
  };
}
