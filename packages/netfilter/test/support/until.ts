import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for `isMet` to hold; fails after `deadlineMs`. */
export async function until(isMet: () => boolean | Promise<boolean>, what: string, deadlineMs = 2000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await isMet())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await sleep(10);
  }
}
