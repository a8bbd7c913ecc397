import { close, openSync, read, write } from 'node:fs';
import { promisify } from 'node:util';

import { LIMITS, requireOptions } from '../check/options.ts';
import { NetnsError, isNetlinkError } from '../errors.ts';
import { withinLimits } from '../socket/limit.ts';
import type { Sys } from '../sys/sys.ts';
import type { Limits } from '../types/rtnl.ts';
import { inNetns } from './in-netns.ts';
import { sysctlPath } from './sysctl-path.ts';

const readAsync = promisify(read);
const writeAsync = promisify(write);
const closeAsync = promisify(close);

/** Longer than any sysctl below net; the kernel gives a whole value in one read. */
const VALUE_BYTES = 4096;

/** Waits for a sysctl no longer than it may. @throws {@link NetnsError} `ABORTED`, `ETIMEDOUT` */
export async function sysctlWithin<T>(key: string, limits: Limits, task: () => Promise<T>): Promise<T> {
  const subject = `sysctl ${key}`;
  requireOptions(LIMITS, limits, subject);
  try {
    return await withinLimits(limits, { operation: 'sysctl', subject: key }, task);
  } catch (error) {
    if (!isNetlinkError(error)) throw error;
    const isTimeout = error.code === 'ETIMEDOUT';
    const reason = isTimeout ? `not done within ${limits.timeoutMs} ms` : 'the caller aborted it';
    throw new NetnsError(isTimeout ? 'ETIMEDOUT' : 'ABORTED', subject, reason, error.cause);
  }
}

/** Reads a sysctl in the namespace `netnsFd`: opened inside, read outside on the libuv pool, because the file remembers its namespace. */
export async function readSysctl(sys: Sys, netnsFd: number, key: string): Promise<string> {
  return withSysctl(sys, netnsFd, key, 'r', async (fd) => {
    const { bytesRead, buffer } = await readAsync(fd, Buffer.alloc(VALUE_BYTES), 0, VALUE_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead).replace(/\n$/, '');
  });
}

/** Writes a sysctl in the namespace `netnsFd`; may wait for RTNL, so off the event loop. */
export async function writeSysctl(sys: Sys, netnsFd: number, key: string, value: string): Promise<void> {
  await withSysctl(sys, netnsFd, key, 'w', async (fd) => {
    await writeAsync(fd, Buffer.from(`${value}\n`));
  });
}

async function withSysctl<T>(
  sys: Sys,
  netnsFd: number,
  key: string,
  mode: 'r' | 'w',
  use: (fd: number) => Promise<T>,
): Promise<T> {
  const path = sysctlPath(key);
  try {
    const fd = inNetns<number>(sys, netnsFd, () => openSync(`/proc/sys/${path}`, mode));
    try {
      return await use(fd);
    } finally {
      await closeAsync(fd);
    }
  } catch (error) {
    throw sysctlError(error, key);
  }
}

function sysctlError(error: unknown, key: string): unknown {
  if (error instanceof NetnsError || !(error instanceof Error)) return error;
  const subject = `sysctl ${key}`;
  switch ((error as NodeJS.ErrnoException).code) {
    // ENODEV: opened, and then its link went.
    case 'ENOENT':
    case 'ENODEV':
      return new NetnsError('NOT_FOUND', subject, 'this kernel or namespace has no such key', error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new NetnsError('NOT_PERMITTED', subject, `refused: ${error.message}; is /proc/sys read-only?`, error);
    case 'EINVAL':
    case 'EISDIR':
      return new NetnsError('INVALID_ARGUMENT', subject, `refused: ${error.message}`, error);
    default:
      return new NetnsError('FAILED', subject, error.message, error);
  }
}
