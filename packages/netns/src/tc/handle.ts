import type { Check } from '../check/check.ts';
import { show } from '../check/show.ts';
import { type Format, asU32 } from '../attributes/format.ts';

/** Source: linux uapi pkt_sched.h `TC_H_ROOT`, `TC_H_CLSACT` with `TC_H_MIN_INGRESS` and `TC_H_MIN_EGRESS`. */
const NAMED = { root: 0xffff_ffff, ingress: 0xffff_fff2, egress: 0xffff_fff3 } as const;
const NAME_OF: ReadonlyMap<number, string> = new Map(Object.entries(NAMED).map(([name, value]) => [value, name]));

/** Parent of the queueing disciplines `ingress` and `clsact`, which have the handle `ffff:`. */
export const PARENT_OF_INGRESS = 'ffff:fff1';

/** Number of a handle: `1:` is 0x10000, `1:a` is 0x1000a; `undefined` for what is none. */
export function parseHandle(handle: string): number | undefined {
  if (Object.hasOwn(NAMED, handle)) return NAMED[handle as keyof typeof NAMED];
  const [, major, minor] = /^([0-9a-f]{1,4}):([0-9a-f]{0,4})$/i.exec(handle) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return Number.parseInt(major, 16) * 0x10000 + (minor === '' ? 0 : Number.parseInt(minor, 16));
}

/** Handle by number, as tc(8) prints it. */
export function formatHandle(value: number): string {
  const minor = value & 0xffff;
  return NAME_OF.get(value) ?? `${(value >>> 16).toString(16)}:${minor === 0 ? '' : minor.toString(16)}`;
}

const check: Check<string> = (value, field) =>
  typeof value === 'string' && parseHandle(value) !== undefined
    ? undefined
    : { field, reason: `${show(value)} is not a handle such as "1:", "1:10", "root", "ingress" or "egress"` };

/** The handle of a queueing discipline or class. */
export const asHandle: Format<string> = {
  check,
  encode: (value) => asU32.encode(parseHandle(value) ?? 0),
  decode: (bytes) => formatHandle(asU32.decode(bytes) ?? 0),
};
