import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Has V8 keep its heap small, when the start is over.
 *
 * Its space for new objects would grow to 48 MB while many containers start: it stays at a few megabytes, as the start makes it. Old
 * objects would be collected when they have become several times as many as live: half as many more do. Source: v8
 * src/heap/new-spaces.cc `SemiSpaceNewSpace::Grow`, src/heap/memory-controller.cc `GrowingFactor`.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=50');
}

/** For so long the event loop has to have nothing to do. */
const REST_MS = 3_000;
/** What of that time may be work nevertheless: timers, and waiting for a processor. */
const WORK_SHARE = 0.1;
/** After a full collection, V8 waits for 8 s before it collects in order to give back, up to three times. */
const GIVING_BACK_MS = 30_000;
/** A larger heap has been collected already, and to collect it at once would hold up calls for more than some 10 ms. */
const LARGE_HEAP_BYTES = 32 * 1024 * 1024;

/**
 * Collects garbage when nothing has been going on for a while, once: what the start has left. Some seconds after any full collection V8
 * gives back what it does not need, in small steps; a daemon without containers would never come to its first one.
 *
 * Source: v8 src/heap/memory-reducer.h.
 *
 * @returns ends the waiting
 */
export function collectAtRest({ restMs = REST_MS, collect = collectGarbage } = {}): () => void {
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > WORK_SHARE) return;
    clearInterval(timer);
    if (getHeapStatistics().used_heap_size < LARGE_HEAP_BYTES) collect();
  }, restMs).unref();
  return () => clearInterval(timer);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  // Else V8 waits, up to 100 s, until it believes that little is allocated.
  setFlagsFromString('--optimize-for-size');
  collect();
  setTimeout(() => setFlagsFromString('--no-optimize-for-size'), GIVING_BACK_MS).unref();
}
