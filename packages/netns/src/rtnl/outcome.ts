import { isNetlinkError } from '../errors.ts';
import type { Family, Listed } from '../types/common.ts';

/** Turns the codes that mean "there is none" into `false`, anything else into `true` or its error. */
export async function didExist(done: Promise<unknown>, ...absentCodes: string[]): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (isNetlinkError(error, ...absentCodes)) return false;
    throw error;
  }
}

/** Turns the codes that mean "there is none" into `fallback`. */
export async function orWhenAbsent<T, Fallback>(
  done: Promise<T>,
  fallback: Fallback,
  ...absentCodes: string[]
): Promise<T | Fallback> {
  try {
    return await done;
  } catch (error) {
    if (isNetlinkError(error, ...absentCodes)) return fallback;
    throw error;
  }
}

/** Dumps one family, or both: a dump of all families would bring bridge and multicast rows too. */
export async function forFamilies<T>(
  family: Family | undefined,
  dump: (family: Family) => Promise<Listed<T>>,
): Promise<Listed<T>> {
  if (family !== undefined) return dump(family);
  const lists = await Promise.all([dump(4), dump(6)]);
  const rows: Listed<T> = lists.flat();
  return lists.some(({ isInterrupted }) => isInterrupted)
    ? Object.assign(rows, { isInterrupted: true } as const)
    : rows;
}
