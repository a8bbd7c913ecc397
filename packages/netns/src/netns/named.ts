import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';

import { text } from '../check/check.ts';
import { requireOptions } from '../check/options.ts';
import { NetnsError } from '../errors.ts';
import { errnoName } from '../sys/errno.ts';
import { loadSys } from '../sys/sys-koffi.ts';
import type { Sys } from '../sys/sys.ts';
import type { Netns } from '../types/netns.ts';
import { inNewNetns, openOwnNetns } from './in-netns.ts';
import { KernelNetns } from './kernel-netns.ts';
import { NAMES_DIRECTORY, checkNetnsName } from './netns-name.ts';

/** Source: linux uapi mount.h. */
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 0x10_0000;
const MNT_DETACH = 2;
const EINVAL = 22;
const OWN_NETNS = '/proc/thread-self/ns/net';

/** As `createNamedNetns`. Source: iproute2 ip/ipnetns.c `netns_add`. */
export async function createNamed(name: string): Promise<Netns> {
  const path = pathOf(name);
  const sys = await loadSys();
  shareDirectory(sys);
  reserve(path, name);
  try {
    const fd = inNewNetns<number>(sys, () => {
      checked(sys.mount(bytes(OWN_NETNS), bytes(path), bytes('none'), MS_BIND), name, 'mount');
      return openOwnNetns();
    });
    return new KernelNetns(sys, fd);
  } catch (error) {
    sys.unmount(bytes(path), MNT_DETACH);
    rmSync(path, { force: true });
    throw error;
  }
}

/** As `deleteNamedNetns`. Source: iproute2 ip/ipnetns.c `on_netns_del`. */
export async function deleteNamed(name: string): Promise<boolean> {
  const path = pathOf(name);
  const sys = await loadSys();
  if (!(await listNamed()).includes(name)) return false;
  const unmounted = sys.unmount(bytes(path), MNT_DETACH);
  // EINVAL: a file without a mount on it, which a failed creation leaves.
  if (unmounted !== -EINVAL) checked(unmounted, name, 'umount');
  try {
    rmSync(path);
    return true;
  } catch (error) {
    throw failed(name, error);
  }
}

/** As `listNamedNetns`. */
export function listNamed(): Promise<readonly string[]> {
  try {
    return Promise.resolve(readdirSync(NAMES_DIRECTORY).sort());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Promise.resolve([]);
    return Promise.reject(failed('', error));
  }
}

/** So that a name which is deleted here goes in every mount namespace, and with it the namespace. */
function shareDirectory(sys: Sys): void {
  try {
    mkdirSync(NAMES_DIRECTORY, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw failed('', error);
  }
  const directory = bytes(NAMES_DIRECTORY);
  const share = (): number => sys.mount(bytes(''), directory, bytes('none'), MS_SHARED | MS_REC);
  const shared = share();
  if (shared !== -EINVAL) {
    checked(shared, '', 'mount');
    return;
  }
  // Not a mount yet: only a mount can be shared.
  checked(sys.mount(directory, directory, bytes('none'), MS_BIND | MS_REC), '', 'mount');
  checked(share(), '', 'mount');
}

function reserve(path: string, name: string): void {
  try {
    closeSync(openSync(path, 'wx', 0));
  } catch (error) {
    throw failed(name, error);
  }
}

function pathOf(name: string): string {
  requireOptions(text, name, 'namespace');
  return `${NAMES_DIRECTORY}/${checkNetnsName(name)}`;
}

function bytes(path: string): Uint8Array {
  return Buffer.from(`${path}\0`);
}

function checked(result: number, name: string, call: string): void {
  if (result >= 0) return;
  const code = errnoName(-result);
  const kind = code === 'EPERM' || code === 'EACCES' ? 'NOT_PERMITTED' : 'FAILED';
  throw new NetnsError(kind, subjectOf(name), `${call} failed with ${code}`);
}

function failed(name: string, error: unknown): NetnsError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return new NetnsError('FAILED', subjectOf(name), 'the name is taken', error);
  const kind = code === 'EPERM' || code === 'EACCES' ? 'NOT_PERMITTED' : 'FAILED';
  return new NetnsError(kind, subjectOf(name), message, error);
}

function subjectOf(name: string): string {
  return name === '' ? NAMES_DIRECTORY : `namespace ${name}`;
}
