import { once } from 'node:events';

/** Waits for `isMet` to hold, asking at every turn of the event loop; fails after `deadlineMs`. */
export async function until(isMet: () => boolean | Promise<boolean>, what: string, deadlineMs = 5000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await isMet())) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Waits for an event; fails after `deadlineMs`. */
export async function eventOf<T extends unknown[]>(emitter: object, name: string, deadlineMs = 5000): Promise<T> {
  return (await once(emitter as NodeJS.EventEmitter, name, { signal: AbortSignal.timeout(deadlineMs) })) as T;
}
