import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An HTTP server at a unix socket that answers as an engine does. */
export interface StubEngine {
  readonly socketPath: string;
  /** Paths with query that were asked for, `/version` aside, without the version. */
  readonly asked: string[];
  /** The API versions that were spoken, one for each path. */
  readonly spoken: string[];
  version: { ApiVersion: string; MinAPIVersion?: string; Version: string };
  /** Cuts every connection, as a killed engine does, and refuses new ones. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one; `answer` is asked for everything but `/version`, with the path without the version. */
export async function stubEngine(
  answer: (path: string, reply: ServerResponse, request: IncomingMessage) => void,
): Promise<StubEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'docker-engine-'));
  const socketPath = join(directory, 'docker.sock');
  const sockets = new Set<Socket>();
  const serve = (request: IncomingMessage, reply: ServerResponse): void => {
    const [, version, path = ''] = /^\/v(\d+\.\d+)(\/.*)/.exec(request.url ?? '') ?? [];
    if (request.url === '/version') reply.end(JSON.stringify(engine.version));
    else if (version === undefined) answer(request.url ?? '', reply, request);
    else if (isBetween(version, engine.version)) {
      engine.asked.push(path);
      engine.spoken.push(version);
      answer(path, reply, request);
    } else {
      reply.statusCode = 400;
      reply.end(JSON.stringify({ message: `client version ${version} is too new. Maximum supported API version is` }));
    }
  };
  const listen = async (): Promise<() => Promise<void>> => {
    const server = createServer(serve).listen(socketPath);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await once(server, 'listening');
    return async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    };
  };
  let stop: (() => Promise<void>) | undefined = await listen();
  const engine: StubEngine = {
    socketPath,
    asked: [],
    spoken: [],
    version: { Version: '28.5.2', ApiVersion: '1.51', MinAPIVersion: '1.24' },
    kill: async () => {
      await stop?.();
      stop = undefined;
    },
    start: async () => {
      stop = await listen();
    },
    close: async () => {
      await engine.kill();
      await rm(directory, { recursive: true });
    },
  };
  return engine;
}

function isBetween(version: string, { ApiVersion, MinAPIVersion = ApiVersion }: StubEngine['version']): boolean {
  const [asked = 0, oldest = 0, newest = 0] = [version, MinAPIVersion, ApiVersion].map((text) =>
    Number(text.split('.')[1]),
  );
  return oldest <= asked && asked <= newest;
}
