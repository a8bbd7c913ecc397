import { createRequire, syncBuiltinESMExports } from 'node:module';
import sinon from 'sinon';

/** The module itself: of what is imported, nothing can be replaced. */
const timersPromises = createRequire(import.meta.url)('node:timers/promises') as { setTimeout: unknown };

/** Where virtual time begins: any fixed moment, so that two runs write the same times. */
const START = Date.UTC(2026, 0, 1);

/** Virtual time may stand still for so many turns of the real event loop before something is taken to hang. */
const IDLE_TURNS = 100;

/** Ends the virtual time that runs now; undefined: none does. */
let leave: (() => void) | undefined;

/**
 * Runs `work` in virtual time: timers, `performance.now()` and dates of the whole process are the simulation's, and time goes on
 * when nothing is left to do. Nothing in `work` may wait for the real world.
 *
 * @throws Error when everything waits, and no timer is left; or after {@link leaveVirtualTime}
 */
export async function inVirtualTime<T>(work: () => Promise<T>): Promise<T> {
  const { setImmediate: turn } = globalThis;
  const { setTimeout: realSleep } = timersPromises;
  const clock = sinon.useFakeTimers({
    now: START,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
  // sinon does not replace the timers of node:timers/promises for who imported them by name.
  timersPromises.setTimeout = sleep;
  syncBuiltinESMExports();
  const left = new AbortController();
  const restore = (): void => {
    if (left.signal.aborted) return;
    left.abort(new Error('virtual time was left while work ran in it'));
    leave = undefined;
    clock.restore();
    timersPromises.setTimeout = realSleep;
    syncBuiltinESMExports();
  };
  leave = restore;
  try {
    const over = new AbortController();
    const done = work().finally(() => over.abort());
    done.catch(() => undefined);
    for (let idle = 0; ;) {
      // Everything that waits for no timer is done by then.
      await new Promise((resolve) => turn(resolve));
      left.signal.throwIfAborted();
      if (over.signal.aborted) return await done;
      idle = clock.countTimers() === 0 ? idle + 1 : 0;
      if (idle > IDLE_TURNS) throw new Error('the simulation hangs: everything waits, and no timer is left');
      clock.next();
    }
  } finally {
    restore();
  }
}

/**
 * Gives the process its own time back when work in virtual time has not come to its end: call it after each test, as one that ran
 * into its limit is still at it. What the work waits for never comes.
 */
export function leaveVirtualTime(): void {
  leave?.();
}

/** Since the simulation began, in milliseconds. */
export function virtualNowMs(): number {
  return Date.now() - START;
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
