import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const replyTimeoutMs = 1_000;

/** Whether an HTTP server behind a unix socket answers 200. A refused, silent or absent one does not. */
export async function answers(socketPath: string, method: 'GET' | 'POST', path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ socketPath, method, path, agent: false, timeout: replyTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end();
  });
}

/**
 * Asks until `condition` holds.
 * @returns false when `isHopeless` said so first or the time was up
 */
export async function waitUntil(
  condition: () => Promise<boolean>,
  isHopeless: () => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (isHopeless() || performance.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}
