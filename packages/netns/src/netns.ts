import { closeSync, openSync, statfsSync } from 'node:fs';

import { NETNS_REFERENCE, requireOptions } from './check/options.ts';
import { NetnsError } from './errors.ts';
import { inNetns, openOwnNetns } from './netns/in-netns.ts';
import { KernelNetns } from './netns/kernel-netns.ts';
import { NAMES_DIRECTORY, checkNetnsName } from './netns/netns-name.ts';
import { loadSys } from './sys/sys-koffi.ts';
import type { Sys } from './sys/sys.ts';
import type { Netns, NetnsReference } from './types/netns.ts';
import { CLONE_NEWNET } from './uapi/netlink.ts';

/** Source: linux uapi magic.h `NSFS_MAGIC`, and `PROC_SUPER_MAGIC` of old kernels. */
const NAMESPACE_FILE_SYSTEMS: readonly number[] = [0x6e736673, 0x9fa0];

/**
 * Opens a network namespace and holds it open until `close`.
 *
 * @throws {@link NetnsError} `NOT_FOUND`; `NOT_A_NAMESPACE` for an ordinary file in the place of a namespace, which
 * mostly means that its mount has not propagated to this mount namespace; `NOT_PERMITTED`; `INVALID_ARGUMENT`; `UNSUPPORTED_PLATFORM`.
 * Source: setns(2), namespaces(7), pidfd_open(2) (kernel 5.8).
 */
export async function openNetns(reference: NetnsReference): Promise<Netns> {
  requireOptions(NETNS_REFERENCE, reference, 'namespace');
  const sys = await loadSys();
  const fd = openReference(sys, reference);
  try {
    checkNetworkNamespace(sys, fd, reference);
    return new KernelNetns(sys, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openReference(sys: Sys, reference: NetnsReference): number {
  if (reference === 'current') return openOwnNetns();
  // The pidfd itself works with setns, but has no identity of its own: take the namespace's file from inside.
  if ('pidfd' in reference) return inNetns<number>(sys, reference.pidfd, openOwnNetns);
  const path = pathOf(reference);
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw openError(error as NodeJS.ErrnoException, reference);
  }
}

function pathOf(reference: Exclude<NetnsReference, 'current' | { readonly pidfd: number }>): string {
  if ('name' in reference) return `${NAMES_DIRECTORY}/${checkNetnsName(reference.name)}`;
  return 'path' in reference ? reference.path : `/proc/${reference.pid}/ns/net`;
}

function openError(error: NodeJS.ErrnoException, reference: NetnsReference): NetnsError {
  const subject = describeReference(reference);
  switch (error.code) {
    case 'ENOENT':
    case 'ESRCH':
    case 'ENOTDIR':
      return new NetnsError('NOT_FOUND', subject, 'there is none', error);
    case 'EACCES':
    case 'EPERM':
      return new NetnsError('NOT_PERMITTED', subject, 'opening it is not permitted', error);
    default:
      return new NetnsError('FAILED', subject, error.message, error);
  }
}

function checkNetworkNamespace(sys: Sys, fd: number, reference: NetnsReference): void {
  const subject = describeReference(reference);
  if (!NAMESPACE_FILE_SYSTEMS.includes(statfsSync(`/proc/self/fd/${fd}`).type)) {
    const reason =
      'an ordinary file: the namespace is not mounted on it here. If another process mounted it, this process lives in ' +
      'a mount namespace that does not receive the mount; share its directory with propagation rslave';
    throw new NetnsError('NOT_A_NAMESPACE', subject, reason);
  }
  if (sys.namespaceType(fd) !== CLONE_NEWNET) {
    throw new NetnsError('NOT_A_NAMESPACE', subject, 'a namespace of another kind than network');
  }
}

function describeReference(reference: NetnsReference): string {
  if (reference === 'current') return 'current namespace';
  const [kind, value] = Object.entries(reference)[0] as [string, string | number];
  return `${kind} ${value}`;
}
