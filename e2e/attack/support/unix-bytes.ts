import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What came back for some bytes, and whether the other side closed. */
export interface BytesReply {
  /** The status of the first reply; undefined when none came. */
  readonly status: number | undefined;
  readonly isClosed: boolean;
}

/**
 * Sends bytes to a unix socket and waits until the other side closes; when it goes on waiting for more, ends after
 * `patienceMs` and waits as long again.
 */
export async function exchange(path: string, bytes: Buffer, patienceMs = 1_000): Promise<BytesReply> {
  const socket = connect(path);
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  // A server that closes before it has read everything resets: that is an answer too.
  socket.on('error', () => undefined);
  socket.write(bytes);
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  const patience = (): Promise<boolean> => sleep(patienceMs, false, { ref: false });
  let isClosed = await Promise.race([closed, patience()]);
  if (!isClosed) {
    socket.end();
    isClosed = await Promise.race([closed, patience()]);
  }
  socket.destroy();
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(received) ?? [];
  return { status: status === undefined ? undefined : Number(status), isClosed };
}

/** Connections that somebody holds open. */
export interface Held {
  /** How many the other side has not closed. */
  open(): number;
  release(): void;
}

/** Opens `total` connections and sends some bytes on each, which do not make a whole request. */
export async function hold(path: string, total: number, bytes: (index: number) => string): Promise<Held> {
  const sockets: Socket[] = [];
  const connected = Array.from({ length: total }, (_, index) => {
    const socket = connect(path);
    sockets.push(socket);
    socket.resume().on('error', () => undefined);
    return new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.once('connect', () => socket.write(bytes(index), () => resolve()));
    });
  });
  await Promise.all(connected);
  return {
    open: () => sockets.filter(({ readyState }) => readyState === 'open').length,
    release: () => sockets.forEach((socket) => socket.destroy()),
  };
}
