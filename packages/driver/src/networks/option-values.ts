import { isIPv4 } from 'node:net';
import { constants } from 'node:os';
import { z } from 'zod';

/** When an endpoint may be announced: the values of `routed.announce`. */
export const ANNOUNCE_POLICIES = ['always', 'running', 'healthy', 'manual'] as const;

// Light: the daemon reads its command line with these before anything else is loaded.

/** Whether a list refuses, or only counts. */
export const filterMode: z.ZodType<'enforce' | 'observe', string> = z.enum(['enforce', 'observe'], {
  error: 'expected enforce or observe',
});

/** What becomes of new names while the daemon is away. */
export const whenAway: z.ZodType<'closed' | 'open', string> = z.enum(['closed', 'open'], {
  error: 'expected closed or open',
});

/** Addresses of either family, as records keep them. */
export const addressList: z.ZodType<readonly string[], readonly string[]> = z
  .array(z.union([z.ipv4(), z.ipv6()]))
  .readonly();

/** Whether a network is closed to others. */
export const isolation: z.ZodType<'network' | 'none', string> = z.enum(['network', 'none'], {
  error: 'expected network or none',
});

/** Whether connections are tracked. */
export const tracking: z.ZodType<'on' | 'off', string> = z.enum(['on', 'off'], { error: 'expected on or off' });

/** A whole number in decimal, from `min` to `max`. */
export function numberText(min: number, max: number): z.ZodType<number> {
  const error = `expected a number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, { error, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error, abort: true });
}

/** An MTU in bytes. Source: linux uapi if_ether.h ETH_MIN_MTU, ETH_MAX_MTU. */
export const mtuText = numberText(68, 65_535);

/** Whether a text is an IPv4 address that hosts may have. Source: IANA IPv4 special-purpose address registry. */
export function isUnicastIpv4(text: string): boolean {
  if (!isIPv4(text)) return false;
  const firstByte = Number(text.split('.')[0]);
  return firstByte > 0 && firstByte !== 127 && firstByte < 224;
}

/** The name of a signal, such as SIGTERM or term; in full, and in capitals. */
export const signalText = z
  .string()
  .toUpperCase()
  .transform((text) => (text.startsWith('SIG') ? text : `SIG${text}`))
  .refine((name) => name in constants.signals, 'expected a signal such as SIGTERM or SIGQUIT');

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A duration such as 500ms, 5s, 2m or 1h, in milliseconds; 0 to `maxMs`. */
export function durationText(maxMs: number): z.ZodType<number> {
  const error = `expected a duration such as 500ms, 5s or 2m, up to ${maxMs / UNITS.h}h`;
  return z
    .string()
    .regex(/^\d{1,9}(?:ms|s|m|h)$/, { error, abort: true })
    .transform((text) => {
      const [, amount = '', unit = 's'] = /^(\d+)(.*)$/.exec(text) ?? [];
      return Number(amount) * UNITS[unit as keyof typeof UNITS];
    })
    .refine((ms) => ms <= maxMs, { error, abort: true });
}

/** The prefix lengths that blocks may have, by family. */
const BLOCK_LENGTHS = { 4: { min: 16, max: 30 }, 6: { min: 64, max: 126 } } as const;

/** The prefix lengths of the blocks of a network, by family; absent: that family has none. */
export interface BlockLengths {
  readonly 4?: number;
  readonly 6?: number;
}

/** One prefix length such as /26, one of each family such as /26,/122: up to /30 it is for IPv4, from /64 on for IPv6. */
export const blockText: z.ZodType<BlockLengths> = z
  .string()
  .regex(/^\/\d{1,3}(?:[\s,;+]+\/\d{1,3})?$/, {
    error: 'expected a prefix length such as /26, or /26,/122',
    abort: true,
  })
  .transform((text, context) => {
    const lengths: { 4?: number; 6?: number } = {};
    for (const [, digits] of text.matchAll(/\/(\d+)/g)) {
      const length = Number(digits);
      const family = ([4, 6] as const).find((each) => {
        return length >= BLOCK_LENGTHS[each].min && length <= BLOCK_LENGTHS[each].max;
      });
      if (family === undefined) context.addIssue(`/${length} is neither /16 to /30 for IPv4 nor /64 to /126 for IPv6`);
      else if (lengths[family] !== undefined) context.addIssue(`there are two prefix lengths for IPv${family}`);
      else lengths[family] = length;
    }
    return lengths;
  });

/** As `routed.block` has them. */
export function blockWords(lengths: BlockLengths): string {
  return Object.values<number>({ ...lengths })
    .map((length) => `/${length}`)
    .join(',');
}
