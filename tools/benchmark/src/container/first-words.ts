import { constants, openSync } from 'node:fs';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Host } from '@routed/lab';

const directory = '/run/bench';
const inContainer = '/bench';

/** A pipe by which containers say that their main process runs. */
export class FirstWords implements Disposable {
  readonly #socket: Socket;
  /** For `docker run`. */
  readonly mount: readonly string[] = ['--volume', `${directory}:${inContainer}`];
  /** The main process, which says so before it does anything else. */
  readonly command: readonly string[] = ['alpine', 'sh', '-c', `echo > ${inContainer}/words`];

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(host: Host): Promise<FirstWords> {
    await host.exec(['mkdir', '--parents', directory]);
    await host.exec(['mkfifo', `${directory}/words`]);
    // Open for writing as well: a pipe that its last writer has left would be at its end.
    const fd = openSync(host.outsidePath(join(directory, 'words')), constants.O_RDWR | constants.O_NONBLOCK);
    return new FirstWords(new Socket({ fd, readable: true, writable: false }));
  }

  /** When the next container speaks, in milliseconds of `performance.now()`. */
  async next(): Promise<number> {
    await once(this.#socket, 'data');
    return performance.now();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
