import { NetnsError } from '../errors.ts';
import { inNewNetns, openOwnNetns } from '../netns/in-netns.ts';
import { KernelNetns } from '../netns/kernel-netns.ts';
import { loadSys } from '../sys/sys-koffi.ts';
import type { Netns } from '../types/netns.ts';

/**
 * A fresh network namespace without a name, gone when the handle and every socket in it are closed.
 *
 * It holds a loopback link that is down and nothing else. Ten times cheaper than `ip netns add`.
 * @throws Error that says to run as root, when `CAP_SYS_ADMIN` is missing. A test that needs a kernel fails
 * without one; it is not skipped.
 */
export async function anonymousNetns(): Promise<Netns> {
  const sys = await loadSys();
  try {
    return new KernelNetns(sys, inNewNetns<number>(sys, openOwnNetns));
  } catch (error) {
    if (error instanceof NetnsError && error.code === 'NOT_PERMITTED') {
      throw new Error('tests against the kernel need CAP_SYS_ADMIN and CAP_NET_ADMIN: run them as root', {
        cause: error,
      });
    }
    throw error;
  }
}
