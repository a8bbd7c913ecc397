import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as afterPoll } from 'node:timers/promises';
import type { ServerLimits } from './server-limits.ts';

/** How long a request under way may keep the server from closing. */
const GRACE_MS = 10_000;

/** How long nobody must have asked anything, when the server closes, before unused connections are ended. */
const SILENCE_MS = 100;

/**
 * An HTTP server that can be closed without losing a call.
 *
 * Docker repeats a call whose connection breaks, but without its body, and so in vain. So a closing server first tells
 * those who go on asking to take another connection, and ends the others only once they are silent.
 */
export class GracefulServer {
  /** To listen with. */
  readonly server: Server;
  readonly #underWay = new Set<ServerResponse>();
  /** The one that was used last is the last. */
  readonly #connections = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  #isClosing = false;
  #lastAskedAt = 0;

  constructor(handle: RequestListener, limits: ServerLimits) {
    this.server = createServer(
      {
        // Docker 20.10 sends an empty Host header.
        requireHostHeader: false,
        keepAliveTimeout: limits.idleTimeoutMs,
        maxHeaderSize: limits.headerBytes,
        headersTimeout: limits.requestTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        connectionsCheckingInterval: limits.requestTimeoutMs / 2,
      },
      (request, response) => {
        this.#lastAskedAt = performance.now();
        this.#noteCall(request.socket, response);
        if (this.#isClosing) response.setHeader('Connection', 'close');
        handle(request, response);
      },
    );
    this.server.timeout = limits.stallTimeoutMs;
    if (!limits.evictsIdle) this.server.maxConnections = limits.connections;
    this.server.on('connection', (connection: Socket) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
      if (limits.evictsIdle && this.#connections.size > limits.connections) this.#makeRoom();
    });
  }

  /** Takes no more connections at its socket; those that there are go on, and it may listen again. */
  stopListening(): void {
    // Node's own close of an HTTP server ends connections whose next call is arriving.
    NetServer.prototype.close.call(this.server);
  }

  /** Removes a socket file that it made at once, so that a successor can take the path; returns when all is answered. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.server.once('close', () => resolve()));
    this.stopListening();
    for (const response of this.#underWay) {
      if (!response.headersSent) response.setHeader('Connection', 'close');
    }
    const sweep = setInterval(() => void afterPoll().then(() => this.#endUnused()), SILENCE_MS);
    const impatience = setTimeout(() => this.server.closeAllConnections(), GRACE_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(impatience);
  }

  #noteCall(connection: Socket, response: ServerResponse): void {
    this.#underWay.add(response);
    this.#busy.add(connection);
    response.once('close', () => {
      this.#underWay.delete(response);
      this.#busy.delete(connection);
      // Used last.
      if (this.#connections.delete(connection)) this.#connections.add(connection);
    });
  }

  /** Ends the connection that has been without a call for longest; the newest, when all have one. */
  #makeRoom(): void {
    let unused: Socket | undefined;
    for (const connection of this.#connections) {
      unused = connection;
      if (!this.#busy.has(connection)) break;
    }
    unused?.destroy();
  }

  /** Called right after the event loop has read what arrived. */
  #endUnused(): void {
    if (performance.now() - this.#lastAskedAt < SILENCE_MS) return;
    this.server.closeIdleConnections();
    // Docker opens connections in advance; to Node, one that never carried a request is not idle.
    for (const connection of this.#connections) if (connection.bytesRead === 0) connection.destroy();
  }
}
