import { NetnsError } from '../errors.ts';
import type { MonitorGroup, MonitorOptions } from '../types/monitor.ts';
import type { NetnsHandle } from '../types/handles.ts';
import type { Netns, NetnsReference } from '../types/netns.ts';
import type { Limits, RtnlOptions } from '../types/rtnl.ts';
import { type Check, among, callback, flag, having, listOf, object, optional, text, whole } from './check.ts';
import { show } from './show.ts';

/** A namespace of either kernel, real or fake. */
export const NETNS: Check<Netns> = having<Netns>('openRtnl', 'a namespace that openNetns gave');

/** A namespace that a link is put into. */
export const NETNS_HANDLE: Check<NetnsHandle> = having<NetnsHandle>('openRtnl', 'a namespace that openNetns gave');

/** The kernel doubles it and keeps it in a signed number. */
export const BUFFER_BYTES: Check<number> = whole(1, 0x3fff_ffff);

export const RTNL_OPTIONS: Check<RtnlOptions> = object<RtnlOptions>({
  trace: optional(callback),
  lanes: optional(whole(1, 0xffff)),
  threads: optional(among('auto', 'always')),
});

export const SIGNAL: Check<AbortSignal> = having<AbortSignal>('throwIfAborted', 'an AbortSignal');

export const LIMITS: Check<Limits> = object<Limits>({
  signal: optional(SIGNAL),
  timeoutMs: optional(whole(0, 0x7fff_ffff)),
});

/** @param groups - all there are */
export function monitorOptions(groups: readonly MonitorGroup[]): Check<MonitorOptions> {
  return object<MonitorOptions>({
    groups: listOf(among(...groups)),
    linkSettings: optional(flag),
    netns: optional(NETNS),
    receiveBufferBytes: optional(BUFFER_BYTES),
  });
}

const path: Check<string> = (value, field) =>
  typeof value === 'string' && value !== '' && !value.includes('\0')
    ? undefined
    : { field, reason: `${show(value)} is not a path` };
const byName = object<{ readonly name: string }>({ name: text });
const byPath = object<{ readonly path: string }>({ path });
const byPid = object<{ readonly pid: number }>({ pid: whole(1, 0x7fff_ffff) });
const byPidfd = object<{ readonly pidfd: number }>({ pidfd: whole(0, 0x7fff_ffff) });

/** One of the ways to name a namespace. */
export const NETNS_REFERENCE: Check<NetnsReference> = (value, field) => {
  if (value === 'current') return undefined;
  if (typeof value === 'object' && value !== null) {
    if ('name' in value) return byName(value, field);
    if ('path' in value) return byPath(value, field);
    if ('pid' in value) return byPid(value, field);
    if ('pidfd' in value) return byPidfd(value, field);
  }
  return { field, reason: `${show(value)} is not { name }, { path }, { pid }, { pidfd } or 'current'` };
};

/** @throws {@link NetnsError} `INVALID_ARGUMENT` that names the field at fault */
export function requireOptions<T>(check: Check<T>, value: T, subject: string): void {
  const complaint = check(value, '');
  if (complaint === undefined) return;
  const { field, reason } = complaint;
  throw new NetnsError('INVALID_ARGUMENT', subject, field === '' ? reason : `${reason} [${field}]`);
}
