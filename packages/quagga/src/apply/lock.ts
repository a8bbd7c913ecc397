import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { QuaggaError, messageOf } from '../errors.ts';

/** Stays for good: one that is removed while another process waits for it would lock two at once. */
const NAME = '.quagga-config.lock';
/** Whoever can open a file can lock it. */
const MODE = 0o600;
/** The guard looks at the lock for a moment every now and then. */
const WAIT_SEC = '0.5';
/** What `flock` ends with when another process has the lock. Source: util-linux flock(1). */
const TAKEN = 1;

/**
 * Does some work on the router whose files are in `dir` while nobody else does. The lock is on a file in `dir` that only
 * its owner can open: the kernel takes it back when the process ends, however it ends.
 * @throws {@link QuaggaError} `APPLY_FAILED` when another one is at it, or `dir` is not writable
 */
export async function withLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const file = await take(dir).catch((cause: unknown) => {
    throw refusal(dir, `cannot be locked: ${messageOf(cause)}`, cause);
  });
  if (file === undefined) throw refusal(dir, 'another apply is running');
  try {
    return await work();
  } finally {
    await file.close();
  }
}

function refusal(dir: string, reason: string, cause?: unknown): QuaggaError {
  return new QuaggaError('APPLY_FAILED', `nothing was changed: ${dir}: ${reason}`, { cause });
}

/** Whether a process works on the router now. */
export async function isLocked(dir: string): Promise<boolean> {
  const file = await take(dir);
  await file?.close();
  return file === undefined;
}

/** The file, locked until it is closed; undefined: another process has it. */
async function take(dir: string): Promise<FileHandle | undefined> {
  const file = await open(join(dir, NAME), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, MODE);
  try {
    await file.chmod(MODE);
    if (await lock(file)) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** A lock belongs to the open file, which this process and the program share, and outlives the program. */
async function lock({ fd }: FileHandle): Promise<boolean> {
  const child = spawn('flock', ['--timeout', WAIT_SEC, '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0 && status !== TAKEN) throw new Error(`flock ended with status ${status}`);
  return status === 0;
}
