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
let closesAtExit = false;

/** While Node takes its environment down an event would call into JavaScript that may not run any more: a fatal error. */
function closeAtExit(): void {
  if (closesAtExit) return;
  closesAtExit = true;
  process.once('exit', () => {
    for (const handle of openHandles) handle.close();
    openHandles.clear();
  });
}

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
    closeAtExit();
  }

  unref(): void {
    if (openHandles.has(this.#handle)) this.#handle.unref();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (openHandles.delete(this.#handle)) this.#handle.close();
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
    if (openHandles.has(this.#handle)) this.#handle.start({ readable: true }, this.#callback);
  }
}
