import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 1000;

/**
 * Looks once a second for connections that are left, until two looks in a row find none, or the time is over. One look is not
 * enough: routers need a moment before they send no new ones.
 *
 * @param look how many are left
 * @returns whether the last look found none
 */
export async function untilEmpty(
  look: () => Promise<number>,
  {
    timeMs,
    signal,
  }: {
    /** How long at most; 0 is one look. */
    readonly timeMs: number;
    readonly signal?: AbortSignal;
  },
): Promise<boolean> {
  const endsAt = performance.now() + timeMs;
  for (let empty = 0; ;) {
    empty = (await look()) === 0 ? empty + 1 : 0;
    const leftMs = endsAt - performance.now();
    if (empty >= 2 || leftMs <= 0) return empty > 0;
    await sleep(Math.min(POLL_MS, leftMs), undefined, signal === undefined ? {} : { signal });
  }
}
