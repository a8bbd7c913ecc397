import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

const names = new Map<number, string>();
/** Node makes a new map for each call, which takes 40 us. */
const texts = getSystemErrorMap();
for (const [name, value] of Object.entries(constants.errno)) {
  if (!names.has(value)) names.set(value, name);
}
// Two names share a number on Linux; these are the ones its documentation uses.
names.set(95, 'EOPNOTSUPP');
names.set(11, 'EAGAIN');
// Internal to the kernel, yet netlink hands it out.
names.set(524, 'ENOTSUPP');

export const EINTR = 4;
export const EAGAIN = 11;
export const ENOBUFS = 105;
export const ENOSYS = 38;

/** Name of a positive errno: `EEXIST`; `ERRNO_<number>` for one without a name. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `ERRNO_${errno}`;
}

/** What a positive errno means, in a few words: `no such device`. */
export function errnoText(errno: number): string {
  return texts.get(-errno)?.[1] ?? 'refused by the kernel';
}

/** Positive errno of a name, or `undefined`. */
export function errnoNumber(name: string): number | undefined {
  for (const [value, known] of names) if (known === name) return value;
  return undefined;
}
