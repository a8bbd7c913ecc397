import { isMainThread } from 'node:worker_threads';

import type { Watch } from './sys.ts';

/** Worst delay of an event. A look that finds nothing takes some microseconds: a thousandth of a processor at this rate. */
const INTERVAL_MS = 5;

/**
 * Whether koffi's poll handle is to be left alone here.
 *
 * In a Worker it takes the process along when the Worker ends: its native callback calls into a JavaScript that is being
 * torn down, which Node-API makes a fatal error (SIGABRT), and libuv calls its code after the addon was unmapped
 * (SIGSEGV). No hook of JavaScript runs before `worker.terminate()` to close it. Bun lacks `uv_poll_init_socket` and
 * aborts at the first use of it.
 */
export const lacksPoll: boolean = !isMainThread || process.versions['bun'] !== undefined;

/** Looks at a descriptor at intervals. Its listener reads until `EAGAIN`, so a look without need is harmless. */
export class TimerWatch implements Watch {
  readonly #timer: NodeJS.Timeout;

  constructor(onReadable: () => void) {
    this.#timer = setInterval(onReadable, INTERVAL_MS);
  }

  unref(): void {
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
