import { setTimeout as sleep } from 'node:timers/promises';

const pauseMs = 20;

/**
 * Repeats an observation until its expectations hold, and returns what it returned then.
 *
 * @throws what the last attempt threw, once `deadlineMs` is over
 */
export async function eventually<T>(observe: () => Promise<T> | T, deadlineMs = 15_000): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await observe();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(pauseMs);
  }
}
