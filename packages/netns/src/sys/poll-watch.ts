import type { Watch } from './sys.ts';

/** What koffi.node.poll returns, with the callback it really calls (its types leave out the status). */
export interface PollHandle {
  start(options: { readable: boolean }, callback: PollCallback): void;
  close(): void;
  unref(): void;
}

type PollCallback = (status: number | object) => void;

/** koffi's handle dies with its last JavaScript reference: a monitor would go deaf at the next garbage collection. */
const openHandles = new Set<PollHandle>();

/** A uv_poll_t that survives garbage collection and socket errors. */
export class PollWatch implements Watch {
  readonly #handle: PollHandle;
  readonly #onReadable: () => void;
  #isScheduled = false;
  #isClosed = false;
  readonly #callback: PollCallback = (status) => this.#schedule(status);

  constructor(open: (callback: PollCallback) => PollHandle, onReadable: () => void) {
    this.#onReadable = onReadable;
    this.#handle = open(this.#callback);
    openHandles.add(this.#handle);
  }

  unref(): void {
    this.#handle.unref();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handle.close();
    openHandles.delete(this.#handle);
  }

  #schedule(status: number | object): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // koffi calls us outside a Node callback scope: on Node 26 promises queued here never run until some
    // other event fires, and an exception vanishes. setImmediate gives a real scope about 2 us later.
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isClosed) return;
      try {
        this.#onReadable();
      } finally {
        // A socket error (ENOBUFS: overrun) makes libuv stop the poll; without this it stays deaf for ever.
        if (typeof status === 'number' && status < 0) this.#restart();
      }
    });
  }

  #restart(): void {
    if (!this.#isClosed) this.#handle.start({ readable: true }, this.#callback);
  }
}
