import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type CallArguments,
  METHODS,
  type MethodName,
  PLUGIN_CONTENT_TYPE,
  type ReplyOf,
} from '@routed/plugin-protocol';

/** A reply and how long it took to come. */
export interface Timed<M extends MethodName> {
  readonly reply: ReplyOf<M>;
  readonly us: number;
}

/**
 * One connection to a plugin that sends Docker's bytes and does nothing else while the clock runs: the request is
 * written down before, and the reply is read after. Calls must not overlap.
 */
export class WireClient {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(socketPath: string): Promise<WireClient> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    return new WireClient(socket);
  }

  async call<M extends MethodName>(method: M, ...[request]: CallArguments<M>): Promise<Timed<M>> {
    const bytes = requestBytes(method, METHODS[method].takesBody ? `${JSON.stringify(request)}\n` : '');
    const started = performance.now();
    const response = await this.#exchange(bytes);
    const us = (performance.now() - started) * 1000;
    const { status, body } = splitResponse(response);
    if (status !== 200) throw new Error(`${method}: ${status} ${body}`);
    return { reply: JSON.parse(body) as ReplyOf<M>, us };
  }

  close(): void {
    this.#socket.destroy();
  }

  #exchange(bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let received: Buffer = Buffer.alloc(0);
      const finish = (error?: Error): void => {
        this.#socket.off('data', onData).off('error', finish).off('close', onClose);
        if (error === undefined) resolve(received);
        else reject(error);
      };
      const onData = (chunk: Buffer): void => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        if (isComplete(received)) finish();
      };
      const onClose = (): void => finish(new Error('the plugin closed the connection'));
      this.#socket.on('data', onData).on('error', finish).on('close', onClose);
      this.#socket.write(bytes);
    });
  }
}

const headEnd = '\r\n\r\n';

/** Source: bytes captured from Docker 20.10.24. */
function requestBytes(method: MethodName, body: string): Buffer {
  const head = [
    `POST /${method} HTTP/1.1`,
    'Host: ',
    'User-Agent: Go-http-client/1.1',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Accept: ${PLUGIN_CONTENT_TYPE}`,
  ];
  return Buffer.from(head.join('\r\n') + headEnd + body);
}

function isComplete(response: Buffer): boolean {
  const headLength = response.indexOf(headEnd);
  if (headLength < 0) return false;
  const length = /^content-length: (\d+)/im.exec(response.toString('latin1', 0, headLength))?.[1];
  if (length === undefined) throw new Error('reply without Content-Length');
  return response.length >= headLength + headEnd.length + Number(length);
}

function splitResponse(response: Buffer): { readonly status: number; readonly body: string } {
  const text = response.toString();
  return { status: Number(text.split(' ', 2)[1]), body: text.slice(text.indexOf(headEnd) + headEnd.length) };
}
