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
  readonly #connections = new Set<Socket>();
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
        this.#underWay.add(response);
        response.once('close', () => this.#underWay.delete(response));
        if (this.#isClosing) response.setHeader('Connection', 'close');
        handle(request, response);
      },
    );
    this.server.maxConnections = limits.connections;
    this.server.on('connection', (connection: Socket) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    });
  }

  /** Removes a socket file that it made at once, so that a successor can take the path; returns when all is answered. */
  async close(): Promise<void> {
    this.#isClosing = true;
    // Node's own close of an HTTP server ends connections whose next call is arriving.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
    for (const response of this.#underWay) {
      if (!response.headersSent) response.setHeader('Connection', 'close');
    }
    const sweep = setInterval(() => void afterPoll().then(() => this.#endUnused()), SILENCE_MS);
    const impatience = setTimeout(() => this.server.closeAllConnections(), GRACE_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(impatience);
  }

  /** Called right after the event loop has read what arrived. */
  #endUnused(): void {
    if (performance.now() - this.#lastAskedAt < SILENCE_MS) return;
    this.server.closeIdleConnections();
    // Docker opens connections in advance; to Node, one that never carried a request is not idle.
    for (const connection of this.#connections) if (connection.bytesRead === 0) connection.destroy();
  }
}
