import { type Socket, createConnection } from 'node:net';
import { QuaggaError } from '../errors.ts';
import { redactLine } from '../text/redact.ts';

/** A daemon's answer to one command: 0 done, 1 done with a warning, 2 and above refused. */
export interface VtyReply {
  readonly status: number;
  readonly text: string;
}

/** A command line on a running daemon, as vtysh uses it. */
export interface VtyConnection extends AsyncDisposable {
  /** Sends one line; replies come in order. */
  command(line: string): Promise<VtyReply>;
}

/** How a connection is opened. */
export interface VtyOptions {
  /** How long a daemon may take to answer, and a connection be idle, before it is closed. Default 30,000. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;
/** A reply ends with three zero bytes and the status. */
const TRAILER_BYTES = 4;

/**
 * Connects to a daemon's vty socket and enables privileged commands. About 1 ms a command.
 * @throws {@link QuaggaError} `VTY_FAILED`
 */
export async function openVty(path: string, { deadlineMs = DEADLINE_MS }: VtyOptions = {}): Promise<VtyConnection> {
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) =>
      reject(new QuaggaError('VTY_FAILED', `cannot reach the daemon at ${path}: ${cause.message}`, { cause })),
    );
  });
  const connection = new SocketVty(socket, path, deadlineMs);
  await connection.command('enable');
  return connection;
}

class SocketVty implements VtyConnection {
  readonly #socket: Socket;
  readonly #path: string;
  #received = Buffer.alloc(0);
  #settle: ((reply: VtyReply | QuaggaError) => void) | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket, path: string, deadlineMs: number) {
    this.#socket = socket;
    this.#path = path;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (cause) => this.#fail(cause.message));
    socket.on('close', () => this.#fail('the daemon closed the connection'));
    socket.setTimeout(deadlineMs, () => this.#fail(`no answer within ${deadlineMs / 1000} s`));
  }

  command(line: string): Promise<VtyReply> {
    const reply = this.#queue.then(() => this.#exchange(line));
    this.#queue = reply.catch(() => undefined);
    return reply;
  }

  async #exchange(line: string): Promise<VtyReply> {
    const result = await new Promise<VtyReply | QuaggaError>((resolve) => {
      this.#settle = resolve;
      if (this.#socket.destroyed) this.#fail('the connection is closed');
      else this.#socket.write(`${line}\0`);
    });
    if (result instanceof QuaggaError)
      throw new QuaggaError('VTY_FAILED', `${redactLine(line)}: ${result.message}`, { cause: result });
    return result;
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    const end = this.#received.length - TRAILER_BYTES;
    if (end < 0 || this.#received.readUIntBE(end, 3) !== 0) return;
    const reply = { status: this.#received.readUInt8(end + 3), text: this.#received.toString('utf8', 0, end).trim() };
    this.#received = Buffer.alloc(0);
    this.#settle?.(reply);
    this.#settle = undefined;
  }

  #fail(reason: string): void {
    this.#settle?.(new QuaggaError('VTY_FAILED', `${reason} (${this.#path})`));
    this.#settle = undefined;
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue;
    this.#socket.destroy();
  }
}
