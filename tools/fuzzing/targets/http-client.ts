import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as an attacker who reaches the socket may send it. */
export interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly body: string | Uint8Array;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks again and again on one connection. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async ask({ method, path, body }: Attempt): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const headers = { 'Content-Length': Buffer.byteLength(body) };
      const call = request({ socketPath: this.#socketPath, method, path, headers, agent: this.#agent }, (reply) => {
        text(reply).then((received) => resolve({ status: reply.statusCode ?? 0, body: received }), reject);
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  /** Sends bytes that need not be HTTP; returns when the server has closed the connection. */
  async sendRaw(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      const socket = connect(this.#socketPath, () => socket.end(bytes));
      socket.on('error', () => undefined);
      socket.once('close', () => resolve());
      socket.resume();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
