import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { QuaggaError } from '../errors.ts';

/**
 * Does some work on the router whose files are in `dir` while nobody else does. The lock is an abstract socket: the
 * kernel takes it back when the process ends, however it ends.
 * @throws {@link QuaggaError} `APPLY_FAILED` when another one is at it
 */
export async function withLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const path = await realpath(dir).catch(() => dir);
  const name = createHash('sha256').update(path).digest('hex');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const reason = isTaken ? 'another apply is running' : `cannot be locked: ${cause.message}`;
      reject(new QuaggaError('APPLY_FAILED', `nothing was changed: ${dir}: ${reason}`, { cause }));
    });
    server.listen(`\0quagga-config-${name}`);
  });
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
