import { type Socket, createConnection } from 'node:net';
import { QuaggaError } from '../errors.ts';
import { redactLine } from '../text/redact.ts';

/** A daemon's answer to one command: 0 done, 1 done with a warning, 2 and above refused. */
export interface VtyReply {
  readonly status: number;
  readonly text: string;
}

/** A command line on a running daemon, as vtysh uses it. Disposing of it ends what still waits for an answer. */
export interface VtyConnection extends AsyncDisposable {
  /**
   * Sends one line; replies come in order.
   * @throws {@link QuaggaError} `VTY_FAILED` when no answer comes, or the line holds a control character, which would make
   * two commands of one
   */
  command(line: string): Promise<VtyReply>;
}

/** How a connection is opened. */
export interface VtyOptions {
  /** How long a daemon may take to answer one command, in milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** How long a connection may be idle before it is closed, in milliseconds; 0: for ever. Default: `deadlineMs`. */
  readonly idleMs?: number;
}

const DEADLINE_MS = 30_000;
/** A reply ends with three zero bytes and the status. */
const TRAILER_BYTES = 4;
/** A line that a daemon reads whole. Source: FRR lib/vty.h, VTY_BUFSIZ. */
const LINE_BYTES = 4096;

/**
 * Connects to a daemon's vty socket and enables privileged commands. About 1 ms a command.
 * @throws {@link QuaggaError} `VTY_FAILED`
 */
export async function openVty(path: string, options: VtyOptions = {}): Promise<VtyConnection> {
  const { deadlineMs = DEADLINE_MS, idleMs = deadlineMs } = options;
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) =>
      reject(new QuaggaError('VTY_FAILED', `cannot reach the daemon at ${path}: ${cause.message}`, { cause })),
    );
  });
  const connection = new SocketVty(socket, path, deadlineMs);
  socket.setTimeout(idleMs, () => connection.endIfIdle());
  await connection.command('enable');
  return connection;
}

class SocketVty implements VtyConnection {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #deadlineMs: number;
  #received: Buffer[] = [];
  #settle: ((reply: VtyReply | QuaggaError) => void) | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket, path: string, deadlineMs: number) {
    this.#socket = socket;
    this.#path = path;
    this.#deadlineMs = deadlineMs;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (cause) => this.#fail(cause.message));
    socket.on('close', () => this.#fail('the daemon closed the connection'));
  }

  command(line: string): Promise<VtyReply> {
    const fault = faultOf(line);
    if (fault !== undefined)
      return Promise.reject(new QuaggaError('VTY_FAILED', `not sent to ${this.#path}: ${fault}`));
    const reply = this.#queue.then(() => this.#exchange(line));
    this.#queue = reply.catch(() => undefined);
    return reply;
  }

  async #exchange(line: string): Promise<VtyReply> {
    const timer = setTimeout(() => this.#fail(`no answer within ${this.#deadlineMs / 1000} s`), this.#deadlineMs);
    const result = await new Promise<VtyReply | QuaggaError>((resolve) => {
      this.#settle = resolve;
      if (this.#socket.destroyed) this.#fail('the connection is closed');
      else this.#socket.write(`${line}\0`);
    });
    clearTimeout(timer);
    if (result instanceof QuaggaError)
      throw new QuaggaError('VTY_FAILED', `${redactLine(line)}: ${result.message}`, { cause: result });
    return result;
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    // The end may lie in several chunks; only it is looked at until it is there.
    while (this.#received.length > 1 && (this.#received.at(-1)?.length ?? 0) < TRAILER_BYTES)
      this.#received.push(Buffer.concat(this.#received.splice(-2)));
    const last = this.#received.at(-1) ?? chunk;
    const end = last.length - TRAILER_BYTES;
    if (end < 0 || last.readUIntBE(end, 3) !== 0) return;
    const all = Buffer.concat(this.#received);
    this.#received = [];
    const text = all.toString('utf8', 0, all.length - TRAILER_BYTES).trim();
    this.#settle?.({ status: last.readUInt8(end + 3), text });
    this.#settle = undefined;
  }

  endIfIdle(): void {
    if (this.#settle === undefined) this.#socket.destroy();
  }

  #fail(reason: string): void {
    this.#settle?.(new QuaggaError('VTY_FAILED', `${reason} (${this.#path})`));
    this.#settle = undefined;
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail('the connection was closed');
    await this.#queue;
  }
}

/** Why a line would not reach the daemon as one command. */
function faultOf(line: string): string | undefined {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(line)) return 'the line holds a control character';
  const length = Buffer.byteLength(line);
  return length < LINE_BYTES ? undefined : `a line of ${length} bytes is longer than the daemons read (${LINE_BYTES})`;
}
