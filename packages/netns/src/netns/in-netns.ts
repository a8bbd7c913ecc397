import { type Stats, closeSync, fstatSync, openSync } from 'node:fs';

import { NetnsError } from '../errors.ts';
import { errnoName } from '../sys/errno.ts';
import type { Sys } from '../sys/sys.ts';
import { CLONE_NEWNET } from '../uapi/netlink.ts';

/** The calling thread's own namespace; /proc/self would be the main thread's. */
const OWN_NETNS = '/proc/thread-self/ns/net';

/** What a step may not return: awaiting it would leave the thread in the wrong namespace. */
type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/**
 * Runs `step` on this thread inside the namespace `targetFd`, and comes back; where the thread is there already, it
 * just runs `step`, which takes no privilege.
 *
 * `step` opens sockets or files and nothing else: a thread, child process or first libuv-pool task started here
 * would stay in that namespace for good. When the way back fails the process ends at once, because
 * everything it would do from then on would happen in the wrong namespace.
 *
 * @throws {@link NetnsError} `NOT_PERMITTED`, `NOT_A_NAMESPACE`
 */
export function inNetns<T>(sys: Sys, targetFd: number, step: () => Synchronous<T>): T {
  return fromOwnNetns(sys, (ownFd) => (isSame(ownFd, targetFd) ? STAYS : sys.setns(targetFd, CLONE_NEWNET)), step);
}

/** As {@link inNetns}, in a new namespace that only what `step` opens keeps alive. */
export function inNewNetns<T>(sys: Sys, step: () => Synchronous<T>): T {
  return fromOwnNetns(sys, () => sys.unshare(CLONE_NEWNET), step);
}

/** What `leave` returns when there is no need to. */
const STAYS = 1;

function fromOwnNetns<T>(sys: Sys, leave: (ownFd: number) => number, step: () => Synchronous<T>): T {
  const ownFd = openOwnNetns();
  try {
    const left = leave(ownFd);
    if (left === STAYS) return step();
    if (left < 0) throw enterError(-left);
    try {
      return step();
    } finally {
      if (sys.setns(ownFd, CLONE_NEWNET) < 0) process.abort();
    }
  } finally {
    closeSync(ownFd);
  }
}

function isSame(oneFd: number, otherFd: number): boolean {
  const [one, other] = [statOf(oneFd), statOf(otherFd)];
  return one.dev === other.dev && one.ino === other.ino;
}

function statOf(fd: number): Stats {
  try {
    return fstatSync(fd);
  } catch (error) {
    throw new NetnsError('INVALID_ARGUMENT', `descriptor ${fd}`, 'it is not open', error);
  }
}

function enterError(errno: number): NetnsError {
  const code = errnoName(errno);
  if (code === 'EPERM') return new NetnsError('NOT_PERMITTED', 'network namespace', 'entering it needs CAP_SYS_ADMIN');
  if (code === 'EINVAL') return new NetnsError('NOT_A_NAMESPACE', 'network namespace', 'not a network namespace');
  if (code === 'ESRCH') return new NetnsError('NOT_FOUND', 'network namespace', 'the process is gone');
  return new NetnsError('FAILED', 'network namespace', `setns failed with ${code}`);
}

/**
 * Opens the namespace of the calling thread.
 *
 * @throws {@link NetnsError} `FAILED`, as where the process has no descriptor left
 */
export function openOwnNetns(): number {
  try {
    return openSync(OWN_NETNS, 'r');
  } catch (error) {
    throw new NetnsError('FAILED', 'current namespace', (error as Error).message, error);
  }
}
